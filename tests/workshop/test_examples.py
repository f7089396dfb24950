"""Training images: the boxes go where the pixels go."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from boxwright_contract.errors import BadDataset
from boxwright_contract.input_rule import InputRule
from boxwright_workshop.annotations import Photo
from boxwright_workshop.examples import plain, recoloured, varied
from boxwright_workshop.recipe import Augmentation

HEIGHT, WIDTH = 90, 120
UNSCALED = InputRule(short_side_px=HEIGHT, long_side_px=WIDTH, divisor=1)
CANVAS_PX = 64
BOXES = st.tuples(
    st.integers(0, WIDTH - 20),
    st.integers(0, HEIGHT - 20),
    st.integers(2, 70),
    st.integers(2, 70),
).map(lambda box: (*box[:2], min(WIDTH, box[0] + box[2]), min(HEIGHT, box[1] + box[3])))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("painted")


def painted(folder: Path, box: tuple[int, int, int, int]) -> Photo:
    """A grey photo on which only the pixels of `box` are white."""
    x1, y1, x2, y2 = box
    pixels = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    pixels[y1:y2, x1:x2] = 255
    path = folder / "painted.png"
    cv2.imwrite(str(path), pixels)
    return Photo(path, np.array([box], np.float32), np.array([0], np.int64))


def extent(white: NDArray[np.bool_]) -> list[int]:
    """The box around the pixels that are true."""
    rows, columns = np.flatnonzero(white.any(1)), np.flatnonzero(white.any(0))
    return [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


@settings(deadline=None, max_examples=100)
@given(box=BOXES, seed=st.integers(0, 2**32), flip=st.booleans())
def test_unscaled_boxes_cover_exactly_their_pixels(
    folder: Path, box: tuple[int, int, int, int], seed: int, flip: bool
) -> None:
    how = Augmentation(canvas_px=CANVAS_PX, scale=(1, 1), flip=flip, keep_visible=0)
    photo = painted(folder, box)
    canvas, size, truth, _ = varied(photo, UNSCALED, how, np.random.default_rng(seed))
    assert size == (CANVAS_PX, CANVAS_PX)
    white = canvas[..., 0] == 255
    if len(truth.boxes):
        assert truth.boxes.tolist() == [extent(white)]
        assert truth.labels.tolist() == [0]
    else:
        assert min(white.any(0).sum(), white.any(1).sum()) <= 1


@settings(deadline=None, max_examples=100)
@given(
    box=BOXES,
    seed=st.integers(0, 2**32),
    scale=st.floats(0.3, 2),
    canvas_px=st.sampled_from([64, 320]),
)
def test_scaled_boxes_cover_their_pixels_to_within_one(
    folder: Path, box: tuple[int, int, int, int], seed: int, scale: float, canvas_px: int
) -> None:
    how = Augmentation(canvas_px=canvas_px, scale=(scale, scale), keep_visible=0)
    photo = painted(folder, box)
    canvas, (height, width), truth, _ = varied(photo, UNSCALED, how, np.random.default_rng(seed))
    assert (height, width) == tuple(min(canvas_px, round(n * scale)) for n in (HEIGHT, WIDTH))
    assert not canvas[height:].any()
    assert not canvas[:, width:].any()
    white = canvas[..., 0] > (60 + 255) / 2
    for found in truth.boxes:
        if white.any():
            assert np.abs(found.numpy() - extent(white)).max() <= 1


def test_a_box_that_is_mostly_cut_away_is_dropped(folder: Path) -> None:
    photo = painted(folder, (0, 0, WIDTH, HEIGHT))
    share = CANVAS_PX**2 / (WIDTH * HEIGHT)
    for visible, kept in ((share * 0.99, 1), (share * 1.01, 0)):
        how = Augmentation(canvas_px=CANVAS_PX, scale=(1, 1), keep_visible=visible)
        assert len(varied(photo, UNSCALED, how, np.random.default_rng(0)).truth.boxes) == kept


def test_without_variation_training_sees_the_pixels_that_the_server_sees(folder: Path) -> None:
    rng = np.random.default_rng(0)
    path = folder / "noise.png"
    cv2.imwrite(str(path), rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8))
    photo = Photo(path, np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
    rule = InputRule(short_side_px=61, long_side_px=90, divisor=32)
    how = Augmentation(canvas_px=96, scale=(1, 1), flip=False)
    canvas, size, truth, _ = varied(photo, rule, how, rng)
    batch, _, _ = plain(photo, rule)
    assert [list(size)] == batch.image_size.tolist()
    assert np.array_equal(canvas[:64, :96], batch.canvas[0].numpy())
    assert truth.boxes.shape == (0, 4)


def test_the_same_seed_gives_the_same_variation(folder: Path) -> None:
    photo = painted(folder, (10, 10, 60, 60))
    how = Augmentation(canvas_px=CANVAS_PX, scale=(0.5, 2), colour=0.5)
    one, same, other = (
        varied(photo, UNSCALED, how, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(one.canvas, same.canvas)
    assert one.truth.boxes.tolist() == same.truth.boxes.tolist()
    assert not np.array_equal(one.canvas, other.canvas)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**32))
def test_recolouring_keeps_dark_dark_and_bright_bright(seed: int) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3)
    changed = recoloured(ramp, 0.5, np.random.default_rng(seed)).astype(int)
    assert (np.diff(changed[0, :, 0]) >= 0).all()
    assert (np.ptp(changed, axis=2) == 0).all(), "greys stay grey"


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**32), most=st.floats(0, 1))
def test_recolouring_is_the_formula_that_it_tells(seed: int, most: float) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (7, 9, 3), dtype=np.uint8)[:, ::-1]
    brightness, contrast, saturation = 1 + np.random.default_rng(seed).uniform(-most, most, 3)
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY).astype(float)
    vivid = (saturation * pixels + (1 - saturation) * grey[..., None]).clip(0, 255)
    expected = brightness * (contrast * (vivid - grey.mean()) + grey.mean())
    found = recoloured(pixels, most, np.random.default_rng(seed))
    tolerance = 0.51 + 0.5 * brightness * contrast  # two roundings to whole numbers
    assert np.abs(found - expected.clip(0, 255)).max() <= tolerance


def test_recolouring_by_nothing_changes_nothing() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    assert np.array_equal(recoloured(pixels, 0, np.random.default_rng(0)), pixels)


def test_a_photo_that_is_damaged_behind_its_header_is_named(folder: Path) -> None:
    photo = painted(folder, (10, 10, 60, 60))
    photo.path.write_bytes(photo.path.read_bytes()[:-40])
    with pytest.raises(BadDataset, match=r"painted\.png cannot be used: the PNG is truncated"):
        plain(photo, UNSCALED)

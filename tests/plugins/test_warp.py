"""Warping regions, against OpenCV's resize of each crop pasted on zeros."""

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from boxwright_plugins.nets.warp import Square, floored, warped

SQUARE = Square(side_px=224, context_px=16)
TOLERANCE = 1e-3
"""Of 255: OpenCV's positions are float32."""


def reference(
    image: NDArray[np.uint8], box: NDArray[np.float32], square: Square
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the region on its square and where it shows the image, as rcnn_im_crop.m does it."""
    side, scale = square.side_px, square.side_px / (square.side_px - 2 * square.context_px)
    before, shown, first, last = [], [], [], []
    for axis, image_px in enumerate(image.shape[1::-1]):
        centre, half = (box[axis] + box[axis + 2]) / 2, (box[axis + 2] - box[axis]) / 2 * scale
        low, high = (int(np.floor(edge + 0.5)) for edge in (centre - half, centre + half))
        first.append(min(max(low, 0), image_px - 1))
        last.append(max(min(high, image_px), first[-1] + 1))
        whole = max(high - low, last[-1] - first[-1])
        before.append(min(int((first[-1] - low) * side / whole + 0.5) if low < 0 else 0, side - 1))
        shown.append(max(1, int((last[-1] - first[-1]) * side / whole + 0.5)))
        shown[-1] = min(shown[-1], side - before[-1])
    crop = image[first[1] : last[1], first[0] : last[0]].astype(np.float32)
    pasted = np.zeros((side, side, 3), np.float32)
    inside = np.zeros((side, side), np.bool_)
    here = np.s_[before[1] : before[1] + shown[1], before[0] : before[0] + shown[0]]
    pasted[here] = cv2.resize(crop, (shown[0], shown[1]), interpolation=cv2.INTER_LINEAR)
    inside[here] = True
    return pasted, inside


def of_one(
    image: NDArray[np.uint8], boxes: NDArray[np.float32], square: Square
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return what is tested, for one image that fills its canvas."""
    pixels, inside = warped(
        torch.from_numpy(image)[None],
        torch.tensor([image.shape[:2]], dtype=torch.int32),
        torch.from_numpy(boxes)[None],
        square,
        floored,
    )
    return pixels.numpy(), inside.numpy()


def random_image(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def random_boxes(
    rng: np.random.Generator, count: int, height: int, width: int
) -> NDArray[np.float32]:
    corners = np.sort(rng.uniform(0, 1, (count, 2, 2)), axis=1) * [width, height]
    return corners.reshape(count, 4).astype(np.float32)


@pytest.mark.parametrize("square", [SQUARE, Square(side_px=64, context_px=0)], ids=str)
def test_regions_are_warped_as_opencv_resizes_their_crops(square: Square) -> None:
    rng = np.random.default_rng(0)
    for height, width in ((97, 131), (300, 40), (500, 375)):
        image = random_image(rng, height, width)
        boxes = random_boxes(rng, 12, height, width)
        pixels, inside = of_one(image, boxes, square)
        for box, got, shows in zip(boxes, pixels, inside, strict=True):
            expected, expected_shows = reference(image, box, square)
            np.testing.assert_array_equal(shows, expected_shows)
            np.testing.assert_allclose(got * shows[..., None], expected, atol=TOLERANCE)


def test_a_region_in_the_middle_of_an_image_fills_the_square() -> None:
    image = random_image(np.random.default_rng(1), 400, 400)
    _, inside = of_one(image, np.array([[150, 160, 250, 240]], np.float32), SQUARE)
    assert inside.all()


def test_the_context_is_counted_in_pixels_of_the_square() -> None:
    image = np.zeros((600, 600, 3), np.uint8)
    image[204:396, 252:348] = 255  # 192 high and 96 wide: no resampling down, doubled across
    pixels, _ = of_one(image, np.array([[252, 204, 348, 396]], np.float32), SQUARE)
    [warp] = pixels[..., 0]
    assert (warp[16:208, 17:207] == 255).all()
    around = np.ones_like(warp, np.bool_)
    around[16:208, 15:209] = False
    assert (warp[around] == 0).all()


def test_what_lies_outside_the_image_is_marked() -> None:
    image = np.full((192, 192, 3), 7, np.uint8)
    pixels, inside = of_one(image, np.array([[0, 0, 192, 192]], np.float32), SQUARE)
    assert inside[0, 16:208, 16:208].all()
    assert inside.sum() == 192**2
    assert (pixels[inside] == 7).all()


def test_a_region_that_reaches_out_of_the_image_is_first_cut_to_it() -> None:
    image = random_image(np.random.default_rng(2), 60, 80)
    boxes = np.array([[-30, 10, 50, 900], [0, 10, 50, 60]], np.float32)
    pixels, inside = of_one(image, boxes, SQUARE)
    np.testing.assert_array_equal(pixels[0], pixels[1])
    np.testing.assert_array_equal(inside[0], inside[1])


@pytest.mark.parametrize(
    "box",
    [(0, 0, 0, 0), (80, 60, 80, 60), (79.9, 0, 80, 60), (20.2, 30.1, 20.3, 30.2), (0, 0, 80, 60)],
)
def test_the_smallest_and_the_largest_regions_show_pixels_of_the_image(
    box: tuple[float, ...],
) -> None:
    image = random_image(np.random.default_rng(3), 60, 80)
    pixels, inside = of_one(image, np.array([box], np.float32), SQUARE)
    expected, expected_shows = reference(image, np.array(box, np.float32), SQUARE)
    assert inside.any()
    np.testing.assert_array_equal(inside[0], expected_shows)
    np.testing.assert_allclose(pixels[0] * inside[0][..., None], expected, atol=TOLERANCE)


def test_an_image_of_one_pixel_can_be_warped() -> None:
    pixels, inside = of_one(
        np.full((1, 1, 3), 9, np.uint8), np.array([[0, 0, 1, 1]], np.float32), SQUARE
    )
    assert (pixels[inside] == 9).all()


def test_nothing_of_the_canvas_but_its_image_is_seen() -> None:
    rng = np.random.default_rng(4)
    image = random_image(rng, 60, 80)
    canvas = random_image(rng, 96, 96)  # garbage around the image
    canvas[:60, :80] = image
    boxes = random_boxes(rng, 9, 60, 80)
    alone, shows = of_one(image, boxes, SQUARE)
    pixels, inside = warped(
        torch.from_numpy(np.stack([random_image(rng, 96, 96), canvas])),
        torch.tensor([[96, 96], [60, 80]], dtype=torch.int32),
        torch.from_numpy(np.stack([boxes, boxes])),
        SQUARE,
        floored,
    )
    np.testing.assert_array_equal(pixels[9:].numpy(), alone)
    np.testing.assert_array_equal(inside[9:].numpy(), shows)

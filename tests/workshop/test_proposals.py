"""Proposals of training photos: from which source, made once, and where the pixels are."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadDataset, BadSettings, UnknownName
from boxwright_contract.input_rule import InputRule
from boxwright_contract.proposal_rule import ProposalRule, propose
from boxwright_workshop import annotations, network
from boxwright_workshop.annotations import Dataset, Photo
from boxwright_workshop.examples import plain, read_pixels, stacked, varied
from boxwright_workshop.proposals import Proposed, proposed, with_proposals
from boxwright_workshop.recipe import Augmentation, Recipe, parse

RULE = ProposalRule(source="sliding_window", limit=50, longest_side_px=100)
INPUT = InputRule(short_side_px=61, long_side_px=90, divisor=32)


@pytest.fixture
def data(shapes: Path) -> Dataset:
    """Photos of 128 x 96 px, two rectangles in each."""
    return annotations.read(shapes)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "boxwright" / "proposals"


def all_of(data: Dataset, rule: ProposalRule = RULE) -> Dataset:
    """Return the photos with their proposals."""
    return replace(data, photos=tuple(with_proposals(data.photos, rule)))


def test_a_photo_has_what_its_source_proposes(data: Dataset) -> None:
    source = Catalog.installed().proposal_source("sliding_window")
    for before, photo in zip(data.photos, all_of(data).photos, strict=True):
        assert photo.proposals is not None
        assert 0 < len(photo.proposals) <= 50
        assert np.array_equal(photo.proposals, propose(source, read_pixels(before), RULE))
        assert photo.path == before.path


def test_each_photo_is_told_of(data: Dataset) -> None:
    assert list(proposed(data, RULE)) == [Proposed(done, 8) for done in range(1, 9)]


def test_without_a_rule_nothing_is_proposed(data: Dataset, cache: Path) -> None:
    assert list(proposed(data, None)) == []
    assert tuple(with_proposals(data.photos, None)) == data.photos
    assert not cache.exists()


def test_a_photo_is_searched_once(data: Dataset, cache: Path) -> None:
    first = all_of(data)
    for file in cache.iterdir():
        boxes = np.load(file)
        np.save(file, boxes[:7])  # so that what comes from here can be told
    again = all_of(data)
    assert len(list(cache.iterdir())) == 8
    for one, other in zip(first.photos, again.photos, strict=True):
        assert one.proposals is not None
        assert other.proposals is not None
        assert np.array_equal(other.proposals, one.proposals[:7])


@pytest.mark.parametrize("rule", [replace(RULE, limit=9), replace(RULE, longest_side_px=60)])
def test_another_rule_searches_again(data: Dataset, cache: Path, rule: ProposalRule) -> None:
    all_of(data)
    all_of(data, rule)
    assert len(list(cache.iterdir())) == 16


def test_another_version_of_opencv_searches_again(
    data: Dataset, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_of(data)
    monkeypatch.setattr(cv2, "__version__", "4.0.0")
    all_of(data)
    assert len(list(cache.iterdir())) == 16


def test_a_photo_that_changed_is_searched_again(data: Dataset, cache: Path) -> None:
    all_of(data)
    first, second = data.photos[:2]
    first.path.write_bytes(second.path.read_bytes())
    again = all_of(data)
    assert np.array_equal(again.photos[0].proposals, again.photos[1].proposals)  # type: ignore[arg-type]
    assert len(list(cache.iterdir())) == 8


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"something else"])
def test_a_damaged_file_of_the_cache_is_made_anew(
    data: Dataset, cache: Path, content: bytes
) -> None:
    first = all_of(data)
    for file in cache.iterdir():
        file.write_bytes(content)
    again = all_of(data)
    assert np.array_equal(first.photos[0].proposals, again.photos[0].proposals)  # type: ignore[arg-type]
    assert np.load(next(cache.iterdir())).shape[1] == 4


def test_a_cache_that_cannot_be_written_to_is_done_without(data: Dataset, cache: Path) -> None:
    cache.parent.parent.write_bytes(b"a file where the folder would be")
    assert all_of(data).photos[0].proposals is not None


def test_proposals_go_where_the_boxes_go(data: Dataset) -> None:
    how = Augmentation(canvas_px=64, scale=(0.6, 1.5), keep_visible=0.3)
    for seed, photo in enumerate(data.photos):
        twins = replace(photo, proposals=photo.boxes)
        example = varied(twins, INPUT, how, np.random.default_rng(seed))
        assert example.proposals is not None
        assert example.proposals.equal(example.truth.boxes)


def test_all_proposals_of_a_photo_are_kept_where_it_is_not_varied(data: Dataset) -> None:
    speck = np.array([[3, 3, 3.2, 3.2]], np.float32)
    photo = replace(data.photos[0], proposals=np.concatenate([data.photos[0].boxes, speck]))
    batch, truth, ratio = plain(photo, INPUT)
    [boxes] = batch.proposals
    assert boxes[:-1].equal(truth.boxes)
    assert boxes[-1].tolist() == pytest.approx((speck[0] * ratio).tolist())


def test_a_batch_holds_the_proposals_of_each_image(data: Dataset) -> None:
    how = Augmentation(canvas_px=64)
    photos = [
        replace(photo, proposals=photo.boxes[:rows]) for rows, photo in enumerate(data.photos[:3])
    ]
    examples = [varied(photo, INPUT, how, np.random.default_rng(0)) for photo in photos]
    batch, _ = stacked(examples)
    assert [len(boxes) for boxes in batch.proposals] == [
        len(example.proposals) for example in examples if example.proposals is not None
    ]
    assert len(batch.proposals[0]) == 0
    without, _ = stacked([varied(data.photos[0], INPUT, how, np.random.default_rng(0))])
    assert without.proposals == ()


def test_a_detector_that_needs_proposals_gets_the_rule_of_the_defaults() -> None:
    assert network.settled(Recipe(detector="fast_rcnn")).proposals == ProposalRule()
    assert network.settled(Recipe(detector="fast_rcnn", proposals=RULE)).proposals == RULE
    assert network.settled(Recipe()).proposals is None


def test_a_rule_for_a_detector_that_needs_no_proposals_is_refused() -> None:
    with pytest.raises(BadSettings, match=r"faster_rcnn needs none\. .* --explain-recipe > mine"):
        network.settled(Recipe(proposals=RULE))


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("source = 'sliding_windo'", UnknownName, "Did you mean 'sliding_window'"),
        ("limit = 0", BadSettings, r"proposals\.limit of the recipe is 0"),
        ("longest_side_px = -1", BadSettings, "longest_side_px of the recipe is -1"),
        ("limt = 3", BadSettings, "no field 'limt'. Did you mean 'limit'"),
        ("limit = 'all'", BadSettings, r"Expected `int`, got `str` - at `\$.proposals.limit`"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_the_cure(
    text: str, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        network.settled(parse(f"detector = 'fast_rcnn'\n[proposals]\n{text}", "mine.toml"))


def test_a_photo_that_is_damaged_stops_the_search(data: Dataset) -> None:
    data.photos[3].path.write_bytes(data.photos[3].path.read_bytes()[:-40])
    photos: Iterator[Photo] = with_proposals(data.photos, RULE)
    with pytest.raises(BadDataset, match=r"0_4\.png cannot be used"):
        list(photos)

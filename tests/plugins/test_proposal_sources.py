"""Every built-in proposal source gives boxes that can be relied on."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from boxwright_contract.catalog import Catalog
from boxwright_contract.parts import ProposalSource
from boxwright_contract.proposal_rule import ProposalRule, propose
from boxwright_workshop.conformance.examination import examinations
from boxwright_workshop.conformance.suites import names

CHECKS = names("proposal source")
SEARCHES = ("selective_search_single", "selective_search_fast", "selective_search_quality")
THOROUGH = (
    "sliding_window",
    "selective_search_single",
    pytest.param("selective_search_fast", marks=pytest.mark.slow),
    pytest.param("selective_search_quality", marks=pytest.mark.slow),
)
OBJECTS = np.array([[30, 20, 90, 60], [110, 70, 150, 130], [20, 90, 60, 115]])
COLOURS = ((200, 30, 30), (30, 160, 40), (240, 220, 90))


def source(name: str) -> ProposalSource:
    return Catalog.installed().proposal_source(name)


def scene() -> NDArray[np.uint8]:
    """Three rectangles of one colour each, on noise that looks like none of them."""
    noise = np.random.default_rng(0).integers(60, 110, (150, 180, 3), np.uint8)
    image = cv2.GaussianBlur(noise, (5, 5), 0)
    for (x1, y1, x2, y2), colour in zip(OBJECTS, COLOURS, strict=True):
        image[y1:y2, x1:x2] = colour
    return np.asarray(image, np.uint8)


@pytest.mark.parametrize("name", THOROUGH)
def test_a_built_in_source_passes_what_strangers_must_pass(name: str) -> None:
    found = examinations(name, "proposal source")[0]
    assert [check for check in CHECKS if found.find(check).outcome.status != "passed"] == []


@pytest.mark.parametrize("name", SEARCHES)
def test_the_corners_of_an_object_of_one_colour_are_found_to_the_pixel(name: str) -> None:
    boxes = source(name).propose(scene(), 2000)
    nearest = [np.abs(boxes - one).max(axis=1).min() for one in OBJECTS]
    assert max(nearest) <= 1  # the search smooths the image first


@pytest.mark.parametrize("name", SEARCHES)
def test_no_box_comes_twice_or_is_thin(name: str) -> None:
    boxes = source(name).propose(scene(), 2000)
    assert len(np.unique(boxes, axis=0)) == len(boxes)
    assert (boxes[:, 2:] - boxes[:, :2]).min() >= 0.02 * 180


def test_many_searches_at_once_find_what_each_finds_alone() -> None:
    search = source("selective_search_fast")
    images = [np.roll(scene(), 13 * turn, axis=1) for turn in range(4)] * 3
    alone = [search.propose(image, 500) for image in images[:4]] * 3
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda image: search.propose(image, 500), images))
    assert all(np.array_equal(*pair) for pair in zip(alone, together, strict=True))


def test_windows_of_every_size_overlap_whatever_has_the_shape_of_a_window() -> None:
    windows = source("sliding_window").propose(np.zeros((120, 160, 3), np.uint8), 20_000)
    rng = np.random.default_rng(1)
    for _ in range(100):
        side = rng.uniform(12, 100)
        columns, rows = np.minimum([side, side * rng.choice([0.5, 1, 2])], [160, 120])
        x, y = rng.uniform(0, 160 - columns), rng.uniform(0, 120 - rows)
        low = np.maximum(windows[:, :2], [x, y])
        high = np.minimum(windows[:, 2:], [x + columns, y + rows])
        common = np.maximum(high - low, 0).prod(axis=1)
        areas = (windows[:, 2:] - windows[:, :2]).prod(axis=1)
        assert (common / (areas + columns * rows - common)).max() >= 0.5


def test_boxes_of_a_reduced_image_lie_on_the_objects_of_the_whole() -> None:
    whole = np.asarray(cv2.resize(scene(), (720, 600), interpolation=cv2.INTER_NEAREST), np.uint8)
    rule = ProposalRule(source="selective_search_fast", limit=300, longest_side_px=180)
    boxes = propose(source(rule.source), whole, rule)
    for one in OBJECTS * 4:
        assert np.abs(boxes - one).max(axis=1).min() <= 8

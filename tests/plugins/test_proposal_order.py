"""Cues of objects equal their definitions; repeats wait for the next round."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from boxwright_plugins.proposal_cues import areas, colour_contrast, edges_inside
from boxwright_plugins.proposal_order import best_first

Image = NDArray[np.uint8]


def boxes_in(height: int, width: int, count: int) -> NDArray[np.int32]:
    """Boxes of every size, some at the borders, one over the whole image."""
    rng = np.random.default_rng(0)
    corners = [np.sort(rng.integers(0, side + 1, (count, 2))) for side in (width, height)]
    boxes = np.stack([corners[0][:, 0], corners[1][:, 0], corners[0][:, 1], corners[1][:, 1]], 1)
    thick = boxes[(boxes[:, 2:] > boxes[:, :2]).all(axis=1)]
    return np.unique(np.concatenate([thick, [[0, 0, width, height]]]), axis=0).astype(np.int32)


def masks(box: NDArray[np.int32], image: Image) -> tuple[NDArray[np.bool_], ...]:
    """Which pixels are inside the box, just inside its border, and just outside."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = map(int, box)
    right, down = max((x2 - x1) // 8, 1), max((y2 - y1) // 8, 1)
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    inside = (x >= x1) & (x < x2) & (y >= y1) & (y < y2)
    core = (x >= x1 + right) & (x < x2 - right) & (y >= y1 + down) & (y < y2 - down)
    grown = (x >= x1 - right) & (x < x2 + right) & (y >= y1 - down) & (y < y2 + down)
    return inside, inside & ~core, grown & ~inside


@pytest.fixture
def picture() -> Image:
    return np.random.default_rng(2).integers(0, 256, (40, 56, 3), np.uint8)


def test_colour_contrast_is_the_distance_of_two_means(picture: Image) -> None:
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(float)
    boxes = boxes_in(40, 56, 60)
    for box, found in zip(boxes, colour_contrast(boxes, picture), strict=True):
        inside, _, around = masks(box, picture)
        means = [lab[part].mean(axis=0) for part in (inside, around) if part.any()]
        assert found == pytest.approx(np.linalg.norm(means[0] - means[1]) if around.any() else 0)


def test_edges_inside_is_a_difference_of_two_means(picture: Image) -> None:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edges = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    boxes = boxes_in(40, 56, 60)
    for box, found in zip(boxes, edges_inside(boxes, picture), strict=True):
        _, border, around = masks(box, picture)
        outside = edges[around].mean(dtype=float) if around.any() else 0
        assert found == pytest.approx(edges[border].mean(dtype=float) - outside, abs=1e-3)


def test_areas_are_those_of_the_corners() -> None:
    assert areas(np.array([[0, 0, 70000, 70000], [2, 3, 4, 9]], np.int32)).tolist() == [4.9e9, 12]


def test_of_boxes_of_one_size_that_around_the_object_comes_first() -> None:
    image = np.full((80, 120, 3), 90, np.uint8)
    image[20:50, 40:90] = (200, 60, 60)
    x, y = np.meshgrid(np.arange(0, 71, 10), np.arange(0, 51, 10))
    boxes = np.stack([x, y, x + 50, y + 30], axis=-1).reshape(-1, 4).astype(np.int32)
    assert best_first(boxes, image, 1).tolist() == [[40, 20, 90, 50]]


def test_a_box_that_nearly_repeats_a_better_one_waits_for_the_next_round() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    boxes = np.array([[0, 0, 60, 60], [0, 0, 60, 59], [0, 0, 59, 59], [70, 70, 80, 80]], np.int32)
    assert best_first(boxes, image, 9).tolist() == boxes[[0, 3, 1, 2]].tolist()


@pytest.mark.parametrize("limit", [0, 1, 7, 30])
def test_a_lower_limit_gives_the_first_ones(picture: Image, limit: int) -> None:
    boxes = boxes_in(40, 56, 60)
    every = best_first(boxes, picture, 1000)
    assert sorted(every.tolist()) == sorted(boxes.tolist())
    assert np.array_equal(best_first(boxes, picture, limit), every[:limit])


def test_the_order_does_not_depend_on_that_of_the_input(picture: Image) -> None:
    boxes = boxes_in(40, 56, 60)
    mixed = np.random.default_rng(3).permutation(boxes)
    assert np.array_equal(best_first(boxes, picture, 50), best_first(mixed, picture, 50))

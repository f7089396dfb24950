"""Boxes and tags on pictures."""

import itertools

import numpy as np
import pytest

from boxwright.client import Detection
from boxwright.drawing import BLACK, WHITE, colour, draw, ink


def test_drawing_changes_the_box_and_leaves_the_rest() -> None:
    grey = np.full((400, 600, 3), 128, np.uint8)
    drawn = draw(grey, [Detection("cell", 0.5, (200, 150, 400, 300), 0)])
    changed = (drawn != grey).any(axis=2)
    assert tuple(drawn[225, 200]) == colour(0)
    assert not changed[170:280, 220:380].any()
    assert not changed[:, :190].any()
    assert not changed[:, 410:].any()
    assert not changed[310:].any()


def test_drawing_leaves_the_original_as_it_was() -> None:
    grey = np.full((100, 100, 3), 128, np.uint8)
    draw(grey, [Detection("cell", 0.5, (10, 10, 90, 90), 0)])
    assert (grey == 128).all()


@pytest.mark.parametrize(
    "box_px",
    [(0, 0, 300, 200), (280, 190, 300, 200), (-40, -40, 20, 20), (290, 0, 340, 60)],
    ids=["whole image", "corner", "over the top left", "over the right"],
)
def test_the_tag_is_whole_inside_the_image(box_px: tuple[float, float, float, float]) -> None:
    black = np.zeros((200, 300, 3), np.uint8)
    inside = draw(black, [Detection("person", 0.98, (100, 80, 200, 150), 0)])
    tag = (inside[:79] == colour(0)).all(axis=2).sum()
    drawn = draw(black, [Detection("person", 0.98, box_px, 0)])
    assert (drawn == colour(0)).all(axis=2).sum() >= tag


def test_an_image_smaller_than_any_tag_can_be_drawn_on() -> None:
    assert draw(np.zeros((2, 3, 3), np.uint8), [Detection("x", 1, (0, 0, 3, 2), 0)]).shape == (
        2,
        3,
        3,
    )


def test_twenty_classes_have_colours_that_differ() -> None:
    for one, other in itertools.combinations(map(colour, range(20)), 2):
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) > 25


def test_text_is_dark_on_light_and_light_on_dark() -> None:
    assert ink((255, 255, 0)) == BLACK
    assert ink((0, 0, 200)) == WHITE

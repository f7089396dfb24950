"""What one cell sees, on pictures."""

import numpy as np
import pytest

from boxwright.cell_drawing import ANCHOR, CELL, DIMMED, EFFECTIVE, REGION, draw_cell
from boxwright.client import CellView

GREY = np.full((300, 400, 3), 200, np.uint8)
OWN = (190.0, 140.0, 206.0, 156.0)


def view(**changes: object) -> CellView:
    whole = {
        "y": 9,
        "x": 12,
        "region_px": (100, 60, 300, 240),
        "whole_besides": False,
        "effective_px": (150, 100, 250, 200),
        "anchors_px": ((170, 90, 230, 210), (-60, 80, 40, 220)),
    }
    return CellView(**{**whole, **changes})  # type: ignore[arg-type]


def test_the_region_keeps_its_pixels_and_the_rest_is_dimmed() -> None:
    drawn = draw_cell(GREY, view(), OWN, "P4 (9, 12)")
    assert tuple(drawn[75, 120]) == (200, 200, 200)
    assert tuple(drawn[280, 380]) == (round(200 * DIMMED),) * 3


def test_each_kind_of_box_has_its_colour_where_it_is() -> None:
    drawn = draw_cell(GREY, view(), OWN, "P4 (9, 12)")
    assert tuple(drawn[120, 100]) == REGION
    assert tuple(drawn[120, 150]) == EFFECTIVE
    assert tuple(drawn[95, 170]) == ANCHOR
    assert tuple(drawn[150, 39]) == ANCHOR
    assert tuple(drawn[148, 190]) == CELL


def test_the_legend_stands_below_and_hides_nothing() -> None:
    drawn = draw_cell(GREY, view(), OWN, "P4 (9, 12)")
    legend = drawn[300:]
    assert drawn.shape[1] == 400
    for colour in (REGION, EFFECTIVE, ANCHOR, CELL):
        assert (legend == colour).all(axis=2).any(), colour


def test_a_legend_wider_than_the_image_is_whole() -> None:
    tiny = draw_cell(np.zeros((8, 8, 3), np.uint8), view(), OWN, "P4 (9, 12)")
    wide = draw_cell(GREY, view(), OWN, "P4 (9, 12)")
    assert tiny.shape[1] > 200
    assert ((tiny[8:] == 255).all(axis=2).sum()) == ((wide[300:] == 255).all(axis=2).sum())


@pytest.mark.parametrize(
    "changes",
    [{"region_px": None}, {"effective_px": None}, {"anchors_px": ()}, {"whole_besides": True}],
    ids=["over padding", "effective field not measured", "no anchors", "gates"],
)
def test_what_is_missing_is_left_out(changes: dict[str, object]) -> None:
    drawn = draw_cell(GREY, view(**changes), OWN, "P4 (9, 12)")
    (name,) = changes
    assert (drawn == EFFECTIVE).all(axis=2).any() == (name != "effective_px")
    assert (drawn == ANCHOR).all(axis=2).any() == (name != "anchors_px")


def test_the_original_stays_as_it_was() -> None:
    draw_cell(GREY, view(), OWN, "P4 (9, 12)")
    assert (GREY == 200).all()

"""Which cells of a model's feature maps see a box of an image."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from boxwright.geometry.framing import Framing
from boxwright.geometry.views import known_field
from boxwright_contract.card import Card, LevelRecord
from boxwright_contract.errors import BadInput, UnknownName
from boxwright_contract.geometry.regions import Edges, cells_holding_box, cells_seeing_box

Cells = tuple[range, range]
"""Rows and columns."""


@dataclass(frozen=True)
class LevelCells:
    """The cells of one feature map that see a box."""

    level: str
    seeing: Cells | None
    """At least a part of it. None: none does."""
    holding: Cells | None
    """All of it. None: none does."""


def seeing(card: Card, level: str, box_px: Edges, framing: Framing) -> Iterator[LevelCells]:
    """Yield the cells of a level, or of all where `level` is empty, that see a box of the image.

    Raises:
        BadInput: The box is none, or lies outside the image, or what cells see is not known.
        UnknownName: The model has no such level.
    """
    _check_box(box_px, framing)
    on_canvas = framing.to_canvas(box_px)
    for record in (level_named(card, level),) if level else levels_of(card):
        grid, field = framing.grid(record.level), known_field(record)
        yield LevelCells(
            record.level.name,
            cells_seeing_box(field, on_canvas, grid, framing.resized),
            cells_holding_box(field, on_canvas, grid, framing.resized),
        )


def level_named(card: Card, name: str) -> LevelRecord:
    """Return a level of a model. Raises UnknownName, or BadInput where it has none at all."""
    for record in levels_of(card):
        if record.level.name == name:
            return record
    raise UnknownName.among("level", name, [record.level.name for record in card.levels])


def levels_of(card: Card) -> tuple[LevelRecord, ...]:
    """Return the levels of a model. Raises BadInput where it has none."""
    if not card.levels:
        raise BadInput(
            f"the model, {card.detector.name}+{card.backbone.name}, has no feature map over the "
            "whole image, so no cells to ask for. Ask of its backbone, or of another model."
        )
    return card.levels


def _check_box(box_px: Edges, framing: Framing) -> None:
    x1, y1, x2, y2 = box_px
    told = f"the box ({x1:g}, {y1:g}, {x2:g}, {y2:g}) px"
    if not all(map(isfinite, box_px)) or x1 >= x2 or y1 >= y2:
        raise BadInput(
            f"{told} is none. Send x_min, y_min, x_max, y_max, finite, the minima below the maxima."
        )
    height, width = framing.image
    if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height:
        raise BadInput(
            f"{told} lies outside the image of {width} x {height} px. Send one that does not."
        )

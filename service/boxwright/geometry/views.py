"""What one cell of a feature map sees of an image, and which anchors sit there."""

from dataclasses import dataclass

from boxwright.geometry.framing import Framing
from boxwright_contract.card import LevelRecord
from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.field import AxisField, Field
from boxwright_contract.geometry.regions import Edges, anchors_at, region_of_cell


@dataclass(frozen=True)
class Origin:
    """The cell that a detection comes from, and what it sees."""

    level: str
    y: int
    x: int
    region_px: Edges | None
    """In pixels of the image as sent. None: the cell lies over padding, or it is not known."""


@dataclass(frozen=True, kw_only=True)
class View:
    """What one cell sees, in pixels of the image as sent."""

    y: int
    x: int
    region_px: Edges | None
    """Cut off at the image's borders. None: the cell lies over padding, and sees nothing of it."""
    whole_besides: bool
    """Whether gates or attention let it see the whole image besides."""
    effective_px: Edges | None
    """The box around the region's centre with 95 % of the gradient. None: not measured."""
    anchors_px: tuple[Edges, ...]
    """Not cut off."""


def origin_of(record: LevelRecord, y: int, x: int, framing: Framing) -> Origin:
    """Return the origin of a detection from the cell at `y`, `x`."""
    region = None if record.field is None else _region(record.field, (y, x), framing)
    return Origin(record.level.name, y, x, region)


def view_of(record: LevelRecord, y: int, x: int, framing: Framing) -> View:
    """Return what the cell at `y`, `x` sees.

    Raises:
        BadInput: The feature map has no such cell, or what it sees is not known.
    """
    field = known_field(record)
    rows, columns = grid = framing.grid(record.level)
    if not (0 <= y < rows and 0 <= x < columns):
        height, width = framing.image
        raise BadInput(
            f"{record.level.name} has no cell ({y}, {x}): of an image of {width} x {height} px it "
            f"has rows 0 to {rows - 1} and columns 0 to {columns - 1}. Send a cell of these."
        )
    anchors = anchors_at(record.level, (y, x), grid, framing.canvas)
    return View(
        y=y,
        x=x,
        region_px=_region(field, (y, x), framing),
        whole_besides=bool(field.whole_through),
        effective_px=_effective(record, field, (y, x), framing),
        anchors_px=tuple(map(framing.to_image, anchors)),
    )


def known_field(record: LevelRecord) -> Field:
    """Return the field of a level. Raises BadInput where it is not known."""
    if record.field is None:
        reason = record.field_unknown or "it was not measured"
        raise BadInput(
            f"what the cells of {record.level.name} see is not known: {reason}. "
            "Ask for another level, or export the model again."
        )
    return record.field


def _region(field: Field, cell: tuple[int, int], framing: Framing) -> Edges | None:
    """Return the region, in pixels of the image.

    The canvas outside the resized image is zero whatever the image is, so the field ends there.
    """
    region = region_of_cell(field, cell, framing.resized)
    return None if region is None else framing.to_image(region)


def _effective(
    record: LevelRecord, field: Field, cell: tuple[int, int], framing: Framing
) -> Edges | None:
    if record.effective_field is None:
        return None
    y, x = (
        _centre(axis, at, record.level.stride) for axis, at in zip(field.axes, cell, strict=True)
    )
    height, width = record.effective_field.box95_px
    return framing.to_image((x - width / 2, y - height / 2, x + width / 2, y + height / 2))


def _centre(axis: AxisField | None, cell: int, stride: int) -> float:
    """Return the middle of what a cell sees; the left edge of pixel 0 is 0."""
    return (cell + 0.5) * stride if axis is None else float(axis.centre_px(cell)) + 0.5

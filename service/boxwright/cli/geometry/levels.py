"""Tables of feature maps."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from boxwright.cli.geometry.columns import FIELD_COLUMNS, field_columns, sides
from boxwright.cli.tables import print_parted

if TYPE_CHECKING:
    from boxwright.client import LevelGeometry
    from boxwright_contract.geometry.field import Field

UNKNOWN = ("not known", "-", "-", "-")


def print_levels(levels: "Sequence[LevelGeometry]") -> None:
    """Print a row for each level, and under them what is special about their fields."""
    effective = any(level.effective_field for level in levels)
    anchors = any(level.anchors_px for level in levels)
    grids = any(level.cells for level in levels)
    heads = ["level", "channels", "every px", *FIELD_COLUMNS]
    heads += ["cells"] * grids + ["95 % in"] * effective + ["anchors"] * anchors
    rows = []
    for level in levels:
        row = [level.name, str(level.channels), str(level.stride_px), *_field(level)]
        row += [sides(level.cells) if level.cells else "-"] * grids
        row += [_effective(level)] * effective + [_anchors(level)] * anchors
        rows.append(row)
    print_parted(heads, rows, keys=1, part=len(heads) - 1)
    for line in notes([(level.name, level.field) for level in levels]):
        typer.echo(line)


def notes(fields: "Sequence[tuple[str, Field | None]]") -> list[str]:
    """Return lines about gates and borders, of levels by name."""
    lines = []
    for name, field in fields:
        if field is not None and field.whole_through:
            first, *more = field.whole_through
            rest = f" and {len(more)} more" if more else ""
            lines.append(
                f"{name}: every cell sees the whole canvas besides, through {first}{rest}."
            )
    bound = [name for name, field in fields if field is not None and not field.exact_at_border]
    if bound:
        lines.append(
            f"{', '.join(bound)}: near the borders the field cut off there is an upper bound."
        )
    return ["", *lines] if lines else []


def _field(level: "LevelGeometry") -> tuple[str, ...]:
    return UNKNOWN if level.field is None else field_columns(level.field.axes)


def _effective(level: "LevelGeometry") -> str:
    return "-" if level.effective_field is None else sides(level.effective_field.box95_px)


def _anchors(level: "LevelGeometry") -> str:
    sizes = [f"{x2 - x1:.0f}x{y2 - y1:.0f}" for x1, y1, x2, y2 in level.anchors_px]
    return " ".join(sizes) or "-"

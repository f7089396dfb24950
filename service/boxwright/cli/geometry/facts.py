"""Fields, levels and layers as JSON has them."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from boxwright_contract.geometry.field import AxisField, Field

if TYPE_CHECKING:
    from boxwright.client import LevelGeometry

Facts = dict[str, Any]


def axes_facts(axes: Iterable[AxisField | None]) -> list[Facts]:
    """Return what each axis sees, with all that follows from it."""
    return [
        {"whole": True}
        if axis is None
        else {
            "whole": False,
            "min_size_px": axis.sizes_px[0],
            "max_size_px": axis.sizes_px[1],
            "stride_px": float(axis.stride_px),
            "stride_varies": axis.stride_varies,
            "padding_px": axis.padding_px,
            "first_centre_px": float(axis.centre_px(0)),
            "period_px": axis.period_px,
            "first_px": axis.first_px,
            "last_px": axis.last_px,
        }
        for axis in axes
    ]


def field_facts(field: Field | None) -> Facts | None:
    """Return a field; None: it is not known."""
    if field is None:
        return None
    return {
        "axes": axes_facts(field.axes),
        "whole_through": field.whole_through,
        "exact_at_border": field.exact_at_border,
    }


def level_facts(level: "LevelGeometry") -> Facts:
    """Return a level."""
    return {**asdict(level), "field": field_facts(level.field)}

"""The installed backbones as a table in Markdown."""

from collections.abc import Iterable, Iterator

import torch

from boxwright_contract.catalog import Catalog
from boxwright_contract.geometry.field import AxisField, Field
from boxwright_contract.parts import Backbone

COLUMNS = ("backbone", "levels: channels / stride", "parameters", "a coarsest cell sees", "source")


def backbone_table() -> str:
    """Return a line for each backbone: its levels, its parameters, and what its last level sees.

    Parameters are those of what the plugin builds, without a classifier.
    """
    backbones = (offer.part for offer in Catalog.installed().backbones.values())
    return "\n".join(_lines(backbones))


def _lines(backbones: Iterable[Backbone]) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---" * len(COLUMNS) + "|"
    for part in backbones:
        levels = ", ".join(f"{lev.name} {lev.channels} / {lev.stride}" for lev in part.levels)
        seen = _seen(part.levels[-1].field)
        yield f"| `{part.name}` | {levels} | {parameters(part):,} | {seen} | {part.source} |"


def parameters(backbone: Backbone) -> int:
    """Return how many parameters a backbone has, without making room for them."""
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in backbone.build().parameters())


def _seen(field: Field | None) -> str:
    if field is None:
        return "not declared"
    sides = {"everything" if axis is None else _size(axis) for axis in field.axes}
    gates = " and, through gates, everything" if field.whole_through else ""
    return " x ".join(sorted(sides)) + gates


def _size(axis: AxisField) -> str:
    least, most = axis.sizes_px
    return f"{least} px" if least == most else f"{least} to {most} px"

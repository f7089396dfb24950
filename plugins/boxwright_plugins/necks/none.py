"""No neck: detectors stand on one level of the backbone, as they did before pyramids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Level, Neck

if TYPE_CHECKING:
    from torch import nn


def levels(below: tuple[Level, ...], channels: int) -> tuple[Level, ...]:
    """Return the coarsest of `below` as it is, with its own channels."""
    return below[-1:]


def build(below: tuple[Level, ...], channels: int) -> nn.Module:
    """Return what drops the other levels."""
    from boxwright_plugins.nets.coarsest_level import CoarsestLevel

    return CoarsestLevel(below[-1].name)


@hookimpl
def boxwright_necks() -> list[Neck]:
    """Offer no neck."""
    return [
        Neck(
            name="none",
            levels=levels,
            build=build,
            source="Ren, He, Girshick & Sun 2015, arXiv:1506.01497, section 3",
        )
    ]

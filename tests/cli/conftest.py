"""A model of two feature maps, one of which sees all through a gate."""

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright_contract.card import LevelRecord
from boxwright_contract.geometry.field import AxisField, EffectiveField, Field
from boxwright_contract.parts import RegionLevel

LEVELS = (
    LevelRecord(
        level=RegionLevel(name="P2", channels=8, stride=4, anchors_px=((-8, -8, 12, 12),)),
        field=Field(axes=(AxisField(4, (-8,), (11,)), AxisField(8, (-8, -8), (11, 15)))),
        effective_field=EffectiveField(sigma_px=(2.5, 3.5), box95_px=(8, 12), images=4),
    ),
    LevelRecord(
        level=RegionLevel(name="P5", channels=16, stride=32),
        field=Field(
            axes=(AxisField(32, (-40,), (71,)), None),
            whole_through=("/se/Mul", "/se/Mul_1"),
            exact_at_border=False,
        ),
    ),
)


@pytest.fixture(scope="session")
def seeing(make_bundle: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with that one, called seeing."""
    folder = tmp_path_factory.mktemp("seeing")
    make_bundle(folder / "seeing" / "1", levels=LEVELS)
    return folder

"""Which levels of a backbone Faster R-CNN stands on, and what it calls its own."""

import pytest

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadSettings, UnknownName
from boxwright_contract.parts import Level
from boxwright_plugins.faster_rcnn_options import Options, backbone_levels, pyramid_names

BACKBONES = Catalog.installed().backbones


@pytest.mark.parametrize(
    ("strides", "names"),
    [
        ((4, 8, 16, 32), ("P2", "P3", "P4", "P5", "P6")),
        ((8,), ("P3", "P4")),
        ((16, 32, 32), ("P4", "P5a", "P5b", "P6")),
    ],
)
def test_levels_of_regions_are_called_by_their_strides(
    strides: tuple[int, ...], names: tuple[str, ...]
) -> None:
    assert pyramid_names([Level("any", 8, stride) for stride in strides]) == names


def test_a_level_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="no level of resnet50 named 'C6'"):
        backbone_levels(BACKBONES["resnet50"].part, Options(levels=("C5", "C6")))


def test_levels_with_a_gap_are_refused() -> None:
    with pytest.raises(BadSettings, match=r"C3, C5 of resnet50 have the strides \[8, 32\]"):
        backbone_levels(BACKBONES["resnet50"].part, Options(levels=("C3", "C5")))

"""What the cells of every installed backbone see is what it declares."""

import pytest

from boxwright_contract.catalog import Catalog
from boxwright_plugins.detectors import faster_rcnn
from boxwright_plugins.faster_rcnn_options import Options
from boxwright_workshop.feature_graph import measured_fields
from boxwright_workshop.gradient_field import disagreements
from boxwright_workshop.measured_backbone import measure

CATALOG = Catalog.installed()
BACKBONES = {name: offer.part for name, offer in CATALOG.backbones.items()}
NECKS = tuple(CATALOG.necks)
MARKED = [
    pytest.param(name, marks=() if name in ("mobilenet_v3_small", "resnet18") else pytest.mark.slow)
    for name in BACKBONES
]
"""Every one, one with gates and one without in the quick tests."""


@pytest.mark.parametrize("name", MARKED)
def test_fields_are_declared_as_the_exported_graph_has_them(name: str) -> None:
    assert measure(name) == {level.name: level.field for level in BACKBONES[name].levels}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", BACKBONES)
def test_gradients_see_what_is_declared(name: str) -> None:
    backbone = BACKBONES[name]
    fields = {level.name: level.field for level in backbone.levels if level.field}
    assert len(fields) == len(backbone.levels)
    divisor = max(level.stride for level in backbone.levels)
    assert disagreements(backbone.build(), fields, divisor) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("neck", NECKS)
@pytest.mark.parametrize("name", ["efficientnet_lite0", "mobilenet_v3_large", "resnet50"])
def test_gradients_see_what_the_exported_levels_say_in_every_phase(name: str, neck: str) -> None:
    backbone, options = BACKBONES[name], Options(neck=neck)
    levels = faster_rcnn.levels(backbone, options)
    features = faster_rcnn.features(faster_rcnn.build(backbone, 1, options))
    fields = measured_fields(features, [level.name for level in levels], 32)
    assert [axis and axis.phases for axis in fields[levels[0].name].axes] == [
        32 // levels[0].stride
    ] * 2
    assert disagreements(features, fields, 32) == []

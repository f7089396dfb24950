"""Every installed backbone is what it says it is."""

from collections.abc import Mapping

import pytest
import torch

from boxwright_contract.catalog import Catalog
from boxwright_contract.parts import Backbone

INSTALLED = Catalog.installed().backbones
PARTS = [pytest.param(offer.part, id=name) for name, offer in INSTALLED.items()]

# Of the networks without their classifiers, whose parameters are taken off where they have one.
PARAMETERS = {
    "efficientnet_lite0": 2_958_848,
    "mobilenet_v3_large": 5_483_032 - 2_511_080,
    "resnet50": 25_557_032 - 2_049_000,
}


def test_the_built_ins_come_through_the_entry_points() -> None:
    assert {INSTALLED[name].distribution for name in PARAMETERS} == {"boxwright"}


@pytest.mark.parametrize("backbone", PARTS)
def test_levels_are_built_as_they_are_declared(backbone: Backbone) -> None:
    height, width = 64, 96
    with torch.no_grad():
        built: Mapping[str, torch.Tensor] = backbone.build().eval()(torch.rand(2, 3, height, width))
    declared = {
        level.name: (2, level.channels, height // level.stride, width // level.stride)
        for level in backbone.levels
    }
    assert {name: tuple(level.shape) for name, level in built.items()} == declared
    assert list(built) == list(declared)


@pytest.mark.parametrize(("name", "expected"), PARAMETERS.items())
def test_there_are_as_many_parameters_as_published(name: str, expected: int) -> None:
    net = INSTALLED[name].part.build()
    assert sum(parameter.numel() for parameter in net.parameters()) == expected


@pytest.mark.parametrize("backbone", PARTS)
def test_preprocessing_and_digests_have_the_form_that_they_must_have(backbone: Backbone) -> None:
    assert all(0 <= mean <= 1 for mean in backbone.preprocessing.mean)
    assert all(0 < std <= 1 for std in backbone.preprocessing.std)
    for weights in backbone.weights:
        assert len(bytes.fromhex(weights.sha256)) == 32
        assert weights.licence

"""Every installed backbone is what it says it is."""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn

from boxwright_contract.catalog import Catalog
from boxwright_contract.parts import Backbone

INSTALLED = Catalog.installed().backbones
HEIGHT, WIDTH = 64, 96

# Of the networks without what only their classifiers need.
PARAMETERS = {
    "convnext_tiny": 28_589_128 - 770_536,
    "densenet121": 7_978_856 - 1_025_000,
    "efficientnet_b0": 5_288_548 - 1_281_000 - 412_160,
    "efficientnet_lite0": 2_958_848,
    "lightconv": 4_791_408,
    "mobilenet_v1": 4_231_976 - 1_025_000,
    "mobilenet_v2": 3_504_872 - 1_281_000 - 412_160,
    "mobilenet_v3_large": 5_483_032 - 2_511_080,
    "mobilenet_v3_small": 2_542_856 - 1_615_848,
    "nin": 7_595_176 - 1_025_000,
    "resnet101": 44_549_160 - 2_049_000,
    "resnet18": 11_689_512 - 513_000,
    "resnet50": 25_557_032 - 2_049_000,
    "resnext50_32x4d": 25_028_904 - 2_049_000,
    "squeezenet1_1": 1_235_496 - 513_000,
    "unet": 30_314_304,
    "vgg16": 14_714_688,
    "xception": 22_855_952 - 2_049_000,
}


@pytest.fixture(
    scope="module", params=[pytest.param(o.part, id=name) for name, o in INSTALLED.items()]
)
def backbone(request: pytest.FixtureRequest) -> Backbone:
    part: Backbone = request.param
    return part


@pytest.fixture(scope="module")
def net(backbone: Backbone) -> nn.Module:
    torch.manual_seed(1)
    return backbone.build()


def test_the_built_ins_come_through_the_entry_points() -> None:
    assert {INSTALLED[name].distribution for name in PARAMETERS} == {"boxwright"}


def test_levels_are_built_as_they_are_declared(backbone: Backbone, net: nn.Module) -> None:
    with torch.no_grad():
        built: Mapping[str, Tensor] = net.eval()(torch.rand(2, 3, HEIGHT, WIDTH))
    declared = {
        level.name: (2, level.channels, HEIGHT // level.stride, WIDTH // level.stride)
        for level in backbone.levels
    }
    assert {name: tuple(level.shape) for name, level in built.items()} == declared
    assert list(built) == list(declared)


def test_a_level_is_named_by_the_power_of_two_that_its_stride_is(backbone: Backbone) -> None:
    for level in backbone.levels:
        assert level.name.partition("_")[0] == f"C{level.stride.bit_length() - 1}"


def test_there_are_as_many_parameters_as_published(backbone: Backbone, net: nn.Module) -> None:
    if backbone.name in PARAMETERS:
        counted = sum(parameter.numel() for parameter in net.parameters())
        assert counted == PARAMETERS[backbone.name]


def test_images_in_a_batch_do_not_see_each_other(net: nn.Module) -> None:
    images = torch.rand(2, 3, HEIGHT, WIDTH)
    with torch.no_grad():
        together = net.eval()(images)
        alone = net(images[1:])
    for name, level in alone.items():
        atol = 1e-5 * float(level.abs().max())
        torch.testing.assert_close(together[name][1:], level, rtol=0, atol=atol)


def test_every_parameter_learns(net: nn.Module) -> None:
    levels = net.train()(torch.rand(2, 3, HEIGHT, WIDTH))
    torch.stack([level.mean() for level in levels.values()]).sum().backward()
    gradients = {name: parameter.grad for name, parameter in net.named_parameters()}
    assert [name for name, gradient in gradients.items() if gradient is None] == []
    assert all(bool(g.isfinite().all()) for g in gradients.values() if g is not None)

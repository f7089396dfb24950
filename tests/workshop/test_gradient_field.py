"""The gradient check, where the answer is known by hand or published."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision import models

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadPlugin
from boxwright_contract.geometry.field import AxisField, Field, chain_field
from boxwright_plugins.detectors import faster_rcnn
from boxwright_plugins.faster_rcnn_options import Options
from boxwright_workshop.gradient_field import disagreements, gradient_intervals


class Map(nn.Module):
    """Any function or module as a network with one feature map."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"map": self.function(x)}


def chain(*layers: nn.Module) -> Map:
    return Map(nn.Sequential(*layers))


STEM = (nn.Conv2d(3, 8, 7, 2, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1))
SHUFFLED = nn.Sequential(nn.Conv2d(3, 12, 3, 1, 1), nn.ChannelShuffle(3))

CHAINS = {
    "a stem": (chain(*STEM), chain_field(11, 4, 5)),
    "dilation": (chain(nn.Conv2d(3, 4, 3, dilation=3)), chain_field(7, 1, 0)),
    "a dilated pool": (chain(nn.MaxPool2d(3, 2, dilation=2)), chain_field(5, 2, 0)),
    "groups": (chain(SHUFFLED, nn.Conv2d(12, 6, 5, 2, 2, groups=6)), chain_field(7, 2, 3)),
    "same": (chain(nn.Conv2d(3, 4, (4, 4), padding="same")), chain_field(4, 1, 1)),
    "not linear": (
        chain(nn.Conv2d(3, 4, 3), nn.Hardswish(), nn.GELU(), nn.SiLU(), nn.GroupNorm(2, 4)),
        chain_field(3, 1, 0),
    ),
}


@pytest.mark.parametrize(("net", "field"), CHAINS.values(), ids=CHAINS)
def test_a_chain_sees_what_the_closed_form_says(net: nn.Module, field: Field) -> None:
    assert disagreements(net, {"map": field}, 32) == []


def gated(x: Tensor) -> Tensor:
    local = functional.max_pool2d(functional.relu(x), 3, 1, 1)
    gate = torch.sigmoid(functional.adaptive_avg_pool2d(local, 1) - x.mean((2, 3), keepdim=True))
    return local * gate / (1 + functional.relu6(local))


def normalised_by_hand(x: Tensor) -> Tensor:
    centred = x - x.mean(dim=1, keepdim=True)
    return centred / (centred.pow(2).mean(dim=1, keepdim=True) + 1e-5).sqrt()


def infinite_border(x: Tensor) -> Tensor:
    return functional.max_pool2d(functional.pad(x, (0, 1, 0, 1), value=-torch.inf), 3, 2) * x.mean()


FUNCTIONS = {
    "gates are left out": (gated, chain_field(3, 1, 1)),
    "nothing cancels": (normalised_by_hand, chain_field(1, 1, 0)),
    "infinity is padding like any other": (infinite_border, chain_field(3, 2, 0)),
}


@pytest.mark.parametrize(("function", "field"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_functions_are_followed_as_modules_are(
    function: Callable[[Tensor], Tensor], field: Field
) -> None:
    assert disagreements(Map(function), {"map": field}, 32) == []


def test_every_phase_is_looked_at() -> None:
    layers = (nn.MaxPool2d(4), nn.Conv2d(3, 4, 3, 1, 1), nn.Upsample(scale_factor=2))
    net = chain(*layers, nn.Conv2d(4, 4, 2))
    assert disagreements(net, {"map": both(AxisField(4, (-4, -4), (7, 11)))}, 8) == []
    assert disagreements(net, {"map": both(AxisField(4, (-4, -4), (7, 7)))}, 8)


def both(axis: AxisField) -> Field:
    return Field(axes=(axis, axis))


def test_a_ceiling_is_followed_and_borders_too() -> None:
    net = chain(nn.MaxPool2d(3, 2, ceil_mode=True))
    found = gradient_intervals(net, (8, 10), {"map": [(0, 0), (-1, -1)]})
    assert found == {"map": {(0, 0): ((0, 2), (0, 2)), (3, 4): ((6, 7), (8, 9))}}


@pytest.mark.parametrize(
    ("field", "message"),
    [
        (chain_field(11, 4, 4), "cell (1, 1): gradients see rows 0 to 9 and columns 0 to 9 of"),
        (chain_field(12, 4, 5), "the field says ((3, 14), (3, 14))"),
        (chain_field(11, 8, 5), "cell (1, 1)"),
    ],
    ids=["shifted", "too large", "too far apart"],
)
def test_a_wrong_field_is_told_with_the_cell(field: Field, message: str) -> None:
    told = disagreements(chain(*STEM), {"map": field}, 32)
    assert any(message in line for line in told), told


def test_what_is_whole_must_be_seen_whole() -> None:
    net = Map(lambda x: x.mean(dim=3, keepdim=True) + functional.max_pool2d(x, 3, 1, 1))
    three = AxisField(1, (-1,), (1,))
    assert disagreements(net, {"map": Field(axes=(three, None))}, 8) == []
    assert disagreements(net, {"map": both(three)}, 8)


def test_an_upper_bound_at_the_border_passes_where_it_is_declared_as_one() -> None:
    net = chain(nn.Conv2d(3, 4, 3, padding=1, dilation=2))  # the corner sees 1 and 3 only
    exact = chain_field(5, 1, 1)
    assert disagreements(net, {"map": exact}, 8)
    assert disagreements(net, {"map": replace(exact, exact_at_border=False)}, 8) == []
    too_small = replace(chain_field(4, 1, 1), exact_at_border=False)
    assert disagreements(net, {"map": too_small}, 8)


def test_attention_is_refused() -> None:
    attention = Map(lambda x: functional.scaled_dot_product_attention(x, x, x))
    with pytest.raises(BadPlugin, match="cannot follow scaled_dot_product_attention"):
        disagreements(attention, {"map": chain_field(1, 1, 0)}, 8)


def test_the_network_stays_as_it_was() -> None:
    net = chain(*STEM).train()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    disagreements(net, {"map": chain_field(11, 4, 5)}, 32)
    after = net.state_dict()
    assert all(torch.equal(after[key], value) for key, value in before.items())
    assert net.training
    assert all(parameter.dtype == torch.float32 for parameter in net.parameters())


def classifier(name: str) -> nn.Module:
    """Return torchvision's or timm's network up to its last feature map."""
    if name.startswith("timm/"):
        net = timm.create_model(name.removeprefix("timm/"))
        net.reset_classifier(0, "")  # type: ignore[operator]
        return Map(net)
    if name == "googlenet":
        net = models.googlenet(init_weights=False, aux_logits=False)
        return chain(*list(net.children())[:-3])
    return Map(models.get_model(name, weights=None).get_submodule("features"))


# Size, stride and padding of last feature maps, measured by an analysis of exported graphs.
PUBLISHED = [
    ("squeezenet1_0", 155, 16, 60),
    ("mobilenet_v3_small", 639, 32, 319),
    ("alexnet", 195, 32, 66),
    ("vgg16", 212, 32, 90),
    ("googlenet", 379, 32, 167),
    pytest.param("efficientnet_b0", 851, 32, 425, marks=pytest.mark.slow),
    pytest.param("convnext_tiny", 1688, 32, 828, marks=pytest.mark.slow),
    pytest.param("densenet121", 2071, 32, 1021, marks=pytest.mark.slow),
    ("timm/mobilenetv1_100", 315, 32, 157),
    pytest.param("timm/legacy_xception", 1083, 32, 538, marks=pytest.mark.slow),
]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("name", "size", "stride", "padding"), PUBLISHED)
def test_published_networks_see_what_they_are_known_to_see(
    name: str, size: int, stride: int, padding: int
) -> None:
    cell = -(-padding // stride)
    side = -(-(cell * stride - padding + size) // 32) * 32
    found = gradient_intervals(classifier(name), (side, side), {"map": [(cell, cell)]})
    seen = (cell * stride - padding, cell * stride - padding + size - 1)
    assert found["map"] == {(cell, cell): (seen, seen)}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_pyramid_on_resnet50_sees_what_it_is_known_to_see() -> None:
    net = faster_rcnn.build(Catalog.installed().backbone("resnet50"), 90, Options())
    phases = {"P2": 8, "P3": 4, "P4": 2, "P5": 1, "P6": 1}
    cells = {
        name: [(2048 // 2 ** int(name[1]) // 4 + i,) * 2 for i in range(count)]
        for name, count in phases.items()
    }
    found = gradient_intervals(faster_rcnn.features(net), (1024, 1024), cells)
    sizes = {
        name: [rows[1] - rows[0] + 1 for rows, _ in seen.values()] for name, seen in found.items()
    }
    assert sizes == {
        "P2": [459, 427, 427, 427, 427, 427, 427, 459],
        "P3": [459, 427, 427, 459],
        "P4": [459, 459],
        "P5": [491],
        "P6": [491],
    }

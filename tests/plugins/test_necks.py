"""Every installed neck makes the levels that it says, on any levels."""

import pytest
import torch
from torch import Tensor, nn

from boxwright_contract.catalog import Catalog
from boxwright_contract.parts import Level, Neck
from boxwright_plugins.nets.necked import Necked
from boxwright_workshop.feature_graph import measured_fields
from boxwright_workshop.gradient_field import disagreements

INSTALLED = Catalog.installed().necks
NECKS = [pytest.param(offer.part, id=name) for name, offer in INSTALLED.items()]
HEIGHT, WIDTH = 64, 96

BELOW = {
    "every stride": (Level("C2", 6, 4), Level("C3", 8, 8), Level("C4", 12, 16)),
    "a stride twice": (Level("C4", 8, 16), Level("C5_narrow", 10, 32), Level("C5", 12, 32)),
    "a stride left out": (Level("C2", 6, 4), Level("C4", 12, 16)),
    "one level": (Level("C4", 12, 16),),
}


def maps_of(below: tuple[Level, ...]) -> dict[str, Tensor]:
    """Levels of noise, as a backbone returns them for two images of 64 x 96 px."""
    torch.manual_seed(0)
    return {
        level.name: torch.rand(2, level.channels, HEIGHT // level.stride, WIDTH // level.stride)
        for level in below
    }


def test_the_built_ins_come_through_the_entry_points() -> None:
    built_in = {name for name, offer in INSTALLED.items() if offer.distribution == "boxwright"}
    assert built_in == {"fpn", "none", "unet"}


@pytest.mark.parametrize("below", BELOW.values(), ids=BELOW)
@pytest.mark.parametrize("neck", NECKS)
def test_levels_are_built_as_they_are_declared(neck: Neck, below: tuple[Level, ...]) -> None:
    with torch.no_grad():
        built = neck.build(below, 10).eval()(maps_of(below))
    declared = {
        level.name: (2, level.channels, HEIGHT // level.stride, WIDTH // level.stride)
        for level in neck.levels(below, 10)
    }
    assert {name: tuple(level.shape) for name, level in built.items()} == declared
    assert list(built) == list(declared)


@pytest.mark.parametrize("below", BELOW.values(), ids=BELOW)
@pytest.mark.parametrize("neck", NECKS)
def test_every_parameter_learns(neck: Neck, below: tuple[Level, ...]) -> None:
    net = neck.build(below, 10).train()
    maps = {name: level.requires_grad_() for name, level in maps_of(below).items()}
    torch.stack([level.square().mean() for level in net(maps).values()]).sum().backward()
    assert [name for name, value in net.named_parameters() if value.grad is None] == []


@pytest.mark.parametrize("name", ["fpn", "unet"])
@pytest.mark.parametrize(
    ("strides", "names"),
    [
        ((4, 8, 16, 32), ["P2", "P3", "P4", "P5"]),
        ((8,), ["P3"]),
        ((16, 32, 32), ["P4", "P5a", "P5b"]),
    ],
)
def test_levels_are_called_by_their_strides(
    name: str, strides: tuple[int, ...], names: list[str]
) -> None:
    below = tuple(Level(f"of {i}", 8, stride) for i, stride in enumerate(strides))
    levels = INSTALLED[name].part.levels(below, 10)
    assert [level.name for level in levels] == names
    assert {level.channels for level in levels} == {10}


def test_no_neck_is_the_coarsest_level_itself() -> None:
    below = BELOW["every stride"]
    maps = maps_of(below)
    neck = INSTALLED["none"].part
    assert neck.levels(below, 10) == below[-1:]
    assert neck.build(below, 10)(maps)["C4"] is maps["C4"]


def test_a_fine_level_of_unet_knows_what_the_coarse_ones_know() -> None:
    below = BELOW["every stride"]
    net = INSTALLED["unet"].part.build(below, 10).eval()
    maps = maps_of(below)
    with torch.no_grad():
        before = net(maps)
        after = net(maps | {"C4": maps["C4"] + 1})
    assert all(not after[name].equal(before[name]) for name in ("P2", "P3", "P4"))


class Body(nn.Module):
    """Three convolutions, three levels."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 7, 4, 3)
        self.second = nn.Conv2d(6, 8, 3, 2, 1)
        self.third = nn.Conv2d(8, 12, 3, 2, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        c2 = self.first(x).relu()
        c3 = self.second(c2).relu()
        return {"C2": c2, "C3": c3, "C4": self.third(c3).relu()}


@pytest.mark.parametrize(
    ("name", "phases"),
    [
        ("fpn", {"P2": 4, "P3": 2, "P4": 1, "P5": 1}),
        ("unet", {"P2": 4, "P3": 2, "P4": 1, "P5": 1}),
        ("none", {"C4": 1}),
    ],
)
def test_neighbours_see_differently_and_gradients_agree(name: str, phases: dict[str, int]) -> None:
    below, neck = BELOW["every stride"], INSTALLED[name].part
    extra = "P5" if "P5" in phases else ""
    net = Necked(Body(), neck.build(below, 10), below, 10, extra)
    fields = measured_fields(net, list(phases), 16)
    assert {each: [axis and axis.phases for axis in fields[each].axes] for each in phases} == {
        each: [number, number] for each, number in phases.items()
    }
    assert disagreements(net, fields, 16) == []

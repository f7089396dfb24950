"""What is wrong with a detector is named, with the numbers and the cure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from boxwright_contract.catalog import Catalog
from boxwright_contract.parts import Batch, Detections, Losses, RegionLevel, Truth
from boxwright_workshop.conformance import suites
from boxwright_workshop.conformance.detector_specimen import STEPS, DetectorSpecimen
from boxwright_workshop.conformance.examination import examinations
from boxwright_workshop.conformance.finding import Outcome, examine

FASTER_RCNN = Catalog.installed().detectors["faster_rcnn"]
LEARNING = "losses_fall"


def light_options() -> Any:
    """Faster R-CNN's options, with heads that are quick."""
    return FASTER_RCNN.part.options(
        neck_channels=16, candidates=100, proposals=50, regions_train=64, head_channels=32
    )


LIGHT = replace(FASTER_RCNN.part, options=light_options)  # type: ignore[arg-type]


def changed(**changes: Any) -> DetectorSpecimen:
    """Return a quick Faster R-CNN, some of whose parts are exchanged."""
    return DetectorSpecimen(replace(FASTER_RCNN, part=replace(LIGHT, **changes)))


def looked_at(check: str, specimen: DetectorSpecimen) -> Outcome:
    """Make one check by itself."""
    function = suites.function(suites.path_of("detector", check))
    return examine(function, specimen, specimen.module).outcome


def outcome(check: str, **changes: Any) -> Outcome:
    """Make one check of a detector with some parts exchanged."""
    return looked_at(check, changed(**changes))


@pytest.mark.slow
@pytest.mark.parametrize("name", Catalog.installed().detectors)
def test_a_built_in_detector_passes_every_check(name: str) -> None:
    [examination] = examinations(name, "detector")
    statuses = {check: examination.find(check).outcome.status for check in examination.checks}
    if name == "rpn":  # finds hundreds in a photo, and just one by luck
        assert statuses.pop("none_and_one_are_ordinary") in ("passed", "warned")
    assert statuses == dict.fromkeys(statuses, "passed")


@pytest.mark.parametrize(
    "check",
    [
        "makes_the_levels_it_declares",
        LEARNING,
        "learns_from_an_empty_image",
        "answers_are_well_formed",
    ],
)
def test_a_quick_one_learns_and_answers(check: str) -> None:
    found = outcome(check)
    assert found.status == "passed", found.seen


@dataclass
class Loose:
    """Options that can be changed."""

    sides: int = 3


@dataclass(frozen=True)
class Demanding:
    """Options of which one has no default."""

    sides: int


@pytest.mark.parametrize(
    ("options", "seen"),
    [(Loose, "Loose can be changed"), (Demanding, "sides"), (int, "int is no dataclass")],
)
def test_options_that_cannot_be_made_from_nothing_are_named(options: type, seen: str) -> None:
    found = outcome("options_have_defaults", options=options)
    assert found.status == "failed"
    assert seen in found.seen


def test_a_network_that_hides_its_backbone_is_told_where_to_keep_it() -> None:
    found = outcome("stands_on_the_backbone", build=lambda *_: nn.Linear(1, 1))
    assert found.status == "failed"
    assert "backbone.body of the network is NoneType" in found.seen


def test_levels_that_are_not_made_are_named() -> None:
    level = RegionLevel(name="P9", channels=7, stride=4)
    found = outcome("makes_the_levels_it_declares", levels=lambda *_: (level,))
    assert found.status == "failed"
    assert "levels declares {'P9': (1, 7, 2, 4)}" in found.seen


def told_losses(value: float) -> Callable[[nn.Module, Batch, list[Truth]], Losses]:
    def losses(net: nn.Module, batch: Batch, truths: list[Truth]) -> Losses:
        parameter = next(net.parameters())
        return {"loss_of_nothing": parameter.sum() * 0 + value}

    return losses


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (float("nan"), "loss_of_nothing is not finite"),
        (2.0, f"after {STEPS} steps on one batch the loss went from 2.000 to 2.000"),
    ],
)
def test_losses_that_do_not_fall_are_named(value: float, seen: str) -> None:
    found = outcome(LEARNING, losses=told_losses(value))
    assert found.status == "failed"
    assert seen in found.seen


def test_losses_that_need_a_box_are_named() -> None:
    def losses(net: nn.Module, batch: Batch, truths: list[Truth]) -> Losses:
        boxes = sum(len(truth.boxes) for truth in truths)
        total: Tensor = sum((parameter.sum() for parameter in net.parameters()), torch.zeros(()))
        return {"loss_a_box": total / boxes if boxes else total * float("nan")}

    found = outcome("learns_from_an_empty_image", losses=losses)
    assert found.status == "failed"
    assert "loss_a_box without any box" in found.seen


@pytest.mark.parametrize(
    ("box", "score", "label", "seen"),
    [
        ((0, 0, 9, 9), 1.5, 0, "scores are 1.500 to 1.500"),
        ((0, 0, 9, 9), 0.5, 2, "labels are 2 to 2, of 2 classes"),
        ((0, 0, 101, 9), 0.5, 0, "a box leaves its image of 100 x 80 px"),
    ],
)
def test_an_answer_out_of_range_is_named(
    box: tuple[int, ...], score: float, label: int, seen: str
) -> None:
    def detect(net: nn.Module, batch: Batch) -> list[Detections]:
        one = torch.tensor([box], dtype=torch.float32)
        return [Detections(one, torch.tensor([score]), torch.tensor([label]))] * 2

    found = outcome("answers_are_well_formed", detect=detect, losses=told_losses(1.0))
    assert found.status == "failed"
    assert seen in found.seen


class Elsewhere(nn.Module):
    """A graph whose detections lie one pixel off, from one level too high."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor, image_size: Tensor) -> tuple[Tensor, ...]:
        boxes, scores, labels, count, origin = self.net(image, image_size)
        some = (scores > 0)[..., None]
        return boxes + some, scores, labels, count, origin + some.int() * 4


@pytest.mark.slow
def test_a_graph_that_finds_other_things_elsewhere_is_named() -> None:
    def exportable(net: nn.Module) -> nn.Module:
        return Elsewhere(LIGHT.exportable(net))

    specimen = changed(exportable=exportable)
    graph = looked_at("graph_finds_what_torch_finds", specimen)
    assert graph.status == "failed"
    assert "have no counterpart" in graph.seen
    origin = looked_at("origins_lie_on_the_grid", specimen)
    assert origin.status == "failed"
    assert "comes from level" in origin.seen

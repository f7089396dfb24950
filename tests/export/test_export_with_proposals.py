"""Bundles of detectors that need proposals: in one graph, or in two that work in chunks."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import Tensor, nn

from boxwright_contract.card import Card, WeightsRecord, decode
from boxwright_contract.catalog import Catalog, Offer
from boxwright_contract.errors import ParityFailed
from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import Backbone, Level, Preprocessing
from boxwright_contract.proposal_rule import ProposalRule
from boxwright_workshop.export import AGNOSTIC, Release, export_bundle
from boxwright_workshop.parity.odd_sizes import Pixels, structured
from boxwright_workshop.recipe import converted

Shapes = dict[str, list[int | None]]

CLASSES = ("ash", "birch", "cedar")
RULE = InputRule(short_side_px=96, long_side_px=160, divisor=16)
PROPOSALS = ProposalRule(source="sliding_window", limit=80, longest_side_px=200)
OPTIONS = {
    "fast_rcnn": {"head_channels": 16, "min_score": 0.3, "most_detections": 20},
    "rcnn": {
        "region_px": 32,
        "context_px": 2,
        "head_channels": 16,
        "min_score": 0.3,
        "most_detections": 20,
    },
}


class Body(nn.Module):
    """One level of random features."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 16, 16)

    def forward(self, x: Tensor) -> "OrderedDict[str, Tensor]":
        return OrderedDict(C4=self.conv(x).sin())


BACKBONE = Backbone(
    name="one_level",
    levels=(Level("C4", 8, 16),),
    preprocessing=Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2)),
    build=Body,
    source="made for tests",
)


def made(name: str) -> Release:
    """Return an untrained detector that finds things nevertheless."""
    offer = Catalog.installed().detectors[name]
    options: Any = converted(OPTIONS[name], offer.part.options, "the options")
    torch.manual_seed(0)
    net = offer.part.build(BACKBONE, len(CLASSES), options)
    with torch.no_grad():
        net.get_parameter("predictor.cls_score.weight").mul_(12)
        net.get_parameter("predictor.bbox_pred.weight").mul_(5)
    return Release(
        net=net,
        detector=offer,
        backbone=Offer(BACKBONE, "arboretum", "3.1"),
        options=options,
        classes=CLASSES,
        input=RULE,
        proposals=PROPOSALS,
        weights=WeightsRecord(origin="untrained", licence="none"),
        min_score=0.4,
    )


def photos() -> list[Pixels]:
    rng = np.random.default_rng(0)
    return [structured(rng) for _ in range(3)]


def exported(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / name / "1"
    export_bundle(made(name), folder, photos(), lambda *_: None)
    return folder


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of one graph."""
    return exported("fast_rcnn", tmp_path_factory)


@pytest.fixture(scope="module")
def chunked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of two graphs."""
    return exported("rcnn", tmp_path_factory)


def card_of(bundle: Path) -> Card:
    return decode((bundle / "model.json").read_bytes(), "the bundle")


def shapes(graph: Path) -> tuple[Shapes, Shapes]:
    """Return the shapes of inputs and of outputs, free axes as None."""
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    inputs, outputs = (
        {
            each.name: [side if isinstance(side, int) else None for side in each.shape]
            for each in some
        }
        for some in (session.get_inputs(), session.get_outputs())
    )
    return inputs, outputs


IMAGES: Shapes = {"image": [None, None, None, 3], "image_size": [None, 2]}
REGIONS: Shapes = {"proposals": [None, None, 4], "proposal_count": [None]}
FOUND: Shapes = {
    "boxes": [None, 20, 4],
    "scores": [None, 20],
    "labels": [None, 20],
    "count": [None],
    "proposal": [None, 20],
}


def test_one_graph_takes_images_and_proposals(fast: Path) -> None:
    assert sorted(path.name for path in fast.iterdir()) == ["model.json", "model.onnx"]
    assert shapes(fast / "model.onnx") == (IMAGES | REGIONS, FOUND)


def test_two_graphs_hand_over_numbers_of_each_region(chunked: Path) -> None:
    names = ["conclusion.onnx", "model.json", "model.onnx"]
    assert sorted(path.name for path in chunked.iterdir()) == names
    regions: Shapes = {"regions": [None, None, 15]}
    assert shapes(chunked / "model.onnx") == (IMAGES | REGIONS, regions)
    assert shapes(chunked / "conclusion.onnx") == (
        regions | REGIONS | {"image_size": [None, 2]},
        FOUND,
    )


def test_the_card_tells_where_proposals_come_from_and_what_is_no_default(fast: Path) -> None:
    card = card_of(fast)
    assert card.needs_proposals
    assert card.proposals == PROPOSALS
    assert card.options == OPTIONS["fast_rcnn"]
    assert (card.chunk, card.most_detections, card.classes) == (None, 20, CLASSES)
    assert [record.level.name for record in card.levels] == ["C4"]


def test_the_card_tells_how_many_proposals_go_into_a_chunk(chunked: Path) -> None:
    card = card_of(chunked)
    assert card.chunk is not None
    assert card.chunk.most >= 1
    assert card.chunk.numbers == 15
    digest = hashlib.sha256((chunked / "conclusion.onnx").read_bytes()).hexdigest()
    assert card.chunk.conclusion_sha256 == digest
    assert card.graph_sha256 == hashlib.sha256((chunked / "model.onnx").read_bytes()).hexdigest()
    assert card.levels == ()
    assert card.most_detections == 20


def test_they_were_compared_with_none_one_and_many_proposals(fast: Path, chunked: Path) -> None:
    for bundle in (fast, chunked):
        parity = card_of(bundle).parity
        assert parity.image_sizes >= 150
        assert parity.detections > 100
        assert parity.with_none >= 10
        assert parity.with_one >= 1


class CountIgnored(nn.Module):
    """A graph that takes filling for proposals."""

    def __init__(self, sound: nn.Module, position: int) -> None:
        """Change the input at `position`, which is proposal_count; proposals come before it."""
        super().__init__()
        self.sound = sound
        self.position = position

    def forward(
        self, first: Tensor, second: Tensor, third: Tensor, fourth: Tensor
    ) -> tuple[Tensor, ...]:
        given = [first, second, third, fourth]
        count, proposals = given[self.position], given[self.position - 1]
        given[self.position] = torch.ones_like(count) * proposals.shape[1] + 0 * count
        found: tuple[Tensor, ...] = self.sound(*given)
        return found


def refused(release: Release, tmp_path: Path) -> str:
    with pytest.raises(ParityFailed) as caught:
        export_bundle(release, tmp_path / "trees" / "1", (), lambda *_: None)
    assert list(tmp_path.iterdir()) == []
    return str(caught.value)


def with_part(release: Release, **changes: Any) -> Release:
    part = replace(release.detector.part, **changes)
    return replace(release, detector=replace(release.detector, part=part))


def test_a_graph_that_takes_filling_for_proposals_is_refused(tmp_path: Path) -> None:
    release = made("fast_rcnn")
    exportable = release.detector.part.exportable
    sick = with_part(release, exportable=lambda net: CountIgnored(exportable(net), 3))
    told = refused(sick, tmp_path)
    assert "with 0 proposals alone" in told
    assert "in a batch" in told


def test_a_conclusion_that_takes_filling_for_proposals_is_refused(tmp_path: Path) -> None:
    release = made("rcnn")
    chunked = release.detector.part.chunked
    assert chunked
    sick = replace(chunked, conclusion=lambda net: CountIgnored(chunked.conclusion(net), 2))
    told = refused(with_part(release, chunked=sick), tmp_path)
    assert "proposals in a batch" in told
    assert "proposals alone" not in told


def test_what_finds_objects_without_classes_has_one_class(
    untrained_bundle_of_rpn: Path,
) -> None:
    card = card_of(untrained_bundle_of_rpn)
    assert card.classes == AGNOSTIC == ("object",)
    assert card.detector.name == "rpn"
    assert not card.needs_proposals


@pytest.fixture
def untrained_bundle_of_rpn(
    untrained: nn.Module, release_of: Callable[..., Release], tmp_path: Path
) -> Path:
    """The proposal network of the small detector, whose checkpoint it takes."""
    rpn = Catalog.installed().detectors["rpn"]
    folder = tmp_path / "rpn" / "1"
    export_bundle(release_of(untrained, rpn.part), folder, (), lambda *_: None)
    return folder

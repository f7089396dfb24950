"""Bundles of detectors that need proposals: in one graph, or in two that work in chunks."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from torch import nn

from boxwright_contract.card import Card, decode
from boxwright_contract.catalog import Catalog
from boxwright_contract.proposal_rule import ProposalRule
from boxwright_workshop.export import AGNOSTIC, Release, export_bundle
from boxwright_workshop.parity.odd_sizes import Pixels, structured

Shapes = dict[str, list[int | None]]
Made = Callable[[str], Release]


def photos() -> list[Pixels]:
    rng = np.random.default_rng(0)
    return [structured(rng) for _ in range(3)]


def exported(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "trees" / "1"
    export_bundle(release, folder, photos(), lambda *_: None)
    return folder


@pytest.fixture(scope="module")
def fast(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of one graph."""
    return exported(made("fast_rcnn"), tmp_path_factory)


@pytest.fixture(scope="module")
def chunked(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of two graphs."""
    return exported(made("rcnn"), tmp_path_factory)


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
    assert card.proposals == ProposalRule(source="sliding_window", limit=80, longest_side_px=200)
    assert card.options == {"head_channels": 16, "min_score": 0.3, "most_detections": 20}
    assert (card.chunk, card.most_detections, card.classes) == (None, 20, ("ash", "birch", "cedar"))
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

"""The bundle that export writes, and what it does when it cannot."""

import copy
import dataclasses
import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from boxwright_contract.card import Card, decode
from boxwright_contract.errors import BadPlugin, BadSettings, ParityFailed
from boxwright_contract.geometry.field import chain_field
from boxwright_plugins.detectors.faster_rcnn import boxwright_detectors
from boxwright_plugins.graph.faster_rcnn import exportable
from boxwright_plugins.nets.faster_rcnn import FasterRcnn
from boxwright_workshop.export import Release, export_bundle
from boxwright_workshop.graph_file import export_graph
from boxwright_workshop.graph_form import first_form
from boxwright_workshop.parity.comparison import Comparison
from boxwright_workshop.parity.odd_sizes import Group

[FASTER_RCNN] = boxwright_detectors()


def silent(*_: object) -> None:
    """Report nothing."""


@pytest.fixture
def card(bundle: Path) -> Card:
    """What the bundle says of itself."""
    return decode((bundle / "model.json").read_bytes(), "the bundle")


def test_a_bundle_is_a_graph_and_a_card_that_knows_it(bundle: Path, card: Card) -> None:
    assert sorted(path.name for path in bundle.iterdir()) == ["model.json", "model.onnx"]
    assert card.graph_sha256 == hashlib.sha256((bundle / "model.onnx").read_bytes()).hexdigest()
    assert card.most_detections == 20
    assert (card.backbone.name, card.backbone.distribution) == ("tiny", "arboretum")
    assert (card.backbone.version, card.detector.name) == ("3.1", "faster_rcnn")
    assert card.made_with["torch"] == torch.__version__.split("+")[0]


def test_the_card_tells_what_each_map_sees(card: Card) -> None:
    levels = [record.level for record in card.levels]
    assert [(level.name, level.channels, level.stride) for level in levels] == [
        ("P2", 16, 4),
        ("P3", 16, 8),
        ("P4", 16, 16),
        ("P5", 16, 32),
    ]
    assert [len(level.anchors_px) for level in levels] == [6, 6, 6, 6]
    fields = {record.level.name: record.field for record in card.levels}
    assert fields["P4"] == chain_field(63, 16, 31)  # 7 + 2 * 4 + 2 * 8 + 2 * 16
    assert fields["P5"] == chain_field(63, 32, 31)  # every second of P4's
    assert fields["P3"] is not None
    assert [axis and axis.phases for axis in fields["P3"].axes] == [2, 2]


def test_nothing_else_is_left_beside_a_bundle(bundle: Path) -> None:
    assert list(bundle.parent.parent.rglob("*")) == [
        bundle.parent,
        bundle,
        *sorted(bundle.iterdir(), key=lambda path: path.name),
    ]


def test_the_card_tells_what_was_compared(card: Card) -> None:
    parity = card.parity
    assert parity.image_sizes >= 150
    assert parity.images >= parity.image_sizes
    assert parity.detections > 200
    assert parity.with_none >= 1
    assert parity.with_one >= 1
    assert 0 < parity.worst_box_px <= 1e-3
    assert 0 < parity.worst_score <= 1e-5
    assert parity.near_ties <= parity.detections / 100
    assert torch.__version__ in parity.reference


def test_export_reports_every_canvas(bundle: Path, steps: list[tuple[str, int, int]]) -> None:
    assert bundle.exists()
    assert steps[:2] == [("writing the graph", 0, 1), ("writing the graph", 1, 1)]
    done = [number for what, number, _ in steps if what == "comparing with torch"]
    assert done == list(range(1, 38 + 1))
    assert steps[-1] == ("measuring receptive fields", 1, 1)


def test_a_graph_holds_standard_operators_and_nothing_that_branches(bundle: Path) -> None:
    model = onnx.load(bundle / "model.onnx")
    operators = Counter(node.op_type for node in model.graph.node)
    assert operators["NonMaxSuppression"] == 2
    assert operators["RoiAlign"] == 3
    forbidden = {"If", "Loop", "Scan", "NonZero", "SequenceAt", "SequenceConstruct"}
    assert not forbidden & operators.keys()
    assert {node.domain for node in model.graph.node} == {""}
    assert not model.functions


def test_a_graph_holds_no_notes_of_the_exporter(bundle: Path) -> None:
    model = onnx.load(bundle / "model.onnx")
    assert not model.graph.value_info
    assert not any(node.metadata_props or node.doc_string for node in model.graph.node)


def test_inputs_and_outputs_are_as_the_contract_says(bundle: Path) -> None:
    session = ort.InferenceSession(bundle / "model.onnx", providers=["CPUExecutionProvider"])
    inputs = {each.name: (each.type, each.shape) for each in session.get_inputs()}
    outputs = {each.name: (each.type, each.shape) for each in session.get_outputs()}
    [n] = {shape[0] for _, shape in (inputs | outputs).values()}
    height, width = inputs["image"][1][1:3]
    assert all(isinstance(side, str) for side in (n, height, width))
    assert inputs == {
        "image": ("tensor(uint8)", [n, height, width, 3]),
        "image_size": ("tensor(int32)", [n, 2]),
    }
    assert outputs == {
        "boxes": ("tensor(float)", [n, 20, 4]),
        "scores": ("tensor(float)", [n, 20]),
        "labels": ("tensor(int32)", [n, 20]),
        "count": ("tensor(int32)", [n]),
        "origin": ("tensor(int32)", [n, 20, 3]),
    }


def test_float16_is_how_parameters_are_stored_and_not_how_they_are_used(bundle: Path) -> None:
    model = onnx.load(bundle / "model.onnx")
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    halves = {name for name, values in stored.items() if values.dtype == np.float16}
    large = {name for name, values in stored.items() if values.size >= 1024}
    assert halves == large
    assert len(halves) >= 8
    casts = [node for node in model.graph.node if set(node.input) & halves]
    assert {node.op_type for node in casts} == {"Cast"}
    assert {node.attribute[0].i for node in casts} == {onnx.TensorProto.FLOAT}


def test_export_does_not_change_the_net(bundle: Path, untrained: nn.Module) -> None:
    assert bundle.exists()
    assert any(isinstance(module, nn.BatchNorm2d) for module in untrained.modules())
    weight = untrained.get_parameter("roi_heads.box_head.fc6.weight")
    assert (weight.half().float() != weight).any()


def sabotaged(net: nn.Module) -> nn.Module:
    """Return the exportable form of a net that is not quite `net`."""
    other = copy.deepcopy(net)
    assert isinstance(other, FasterRcnn)
    with torch.no_grad():
        other.roi_heads.box_predictor.cls_score.bias[1] += 0.01
    return exportable(other)


def test_a_graph_with_one_changed_weight_is_refused_and_leaves_nothing(
    untrained: nn.Module, release_of: Callable[..., Release], tmp_path: Path
) -> None:
    release = release_of(untrained)
    detector = dataclasses.replace(release.detector.part, exportable=sabotaged)
    with pytest.raises(ParityFailed) as caught:
        export_bundle(release_of(untrained, detector), tmp_path / "trees" / "1", (), silent)
    told = str(caught.value)
    assert "nothing was kept" in told
    assert "px on a canvas of" in told
    assert "torch has label" in told
    assert "the graph has label" in told
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_that_is_there_is_not_overwritten(
    bundle: Path, untrained: nn.Module, release_of: Callable[..., Release]
) -> None:
    before = (bundle / "model.json").read_bytes()
    with pytest.raises(BadSettings, match="Choose another version"):
        export_bundle(release_of(untrained), bundle, (), silent)
    assert (bundle / "model.json").read_bytes() == before


class Branching(nn.Module):
    """What an exportable form may not be: it filters, and it is bound to one batch size."""

    def forward(self, image: Tensor, image_size: Tensor) -> tuple[Tensor, ...]:
        pixels = image.float().flatten(1)
        rows = torch.arange(len(image))[:, None] + image_size[:, :1] + pixels[:, :4]
        where = (pixels[0] > 0).nonzero()[:, 0].sum()
        return rows[:, None], rows[:, :1] + where, rows[:, :1].int(), rows[:, 0].int(), rows.int()


def test_a_graph_that_cannot_be_served_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadPlugin) as caught:
        export_graph(Branching(), tmp_path / "model.onnx", first_form(FASTER_RCNN, 16), "float32")
    told = str(caught.value)
    assert "axis 0 of 'image', fixed at 2" in told
    assert "the operator NonZero at" in told
    assert list(tmp_path.iterdir()) == []


def test_any_number_of_images_on_any_canvas(
    comparison: Comparison, pictures: Callable[..., Group]
) -> None:
    for images, *canvas in ((1, 16, 16), (5, 16, 176), (2, 48, 80), (3, 112, 64), (7, 208, 240)):
        sizes = [(canvas[0] - i, canvas[1] - 2 * i) for i in range(images)]
        comparison.add(pictures(sizes, canvas))
    assert comparison.differences == []
    assert comparison.images == 18
    assert comparison.detections > 50


def test_rows_after_count_are_zero(bundle: Path, pictures: Callable[..., Group]) -> None:
    group = pictures([(90, 120), (0, 0), (31, 33)], (96, 128))
    session = ort.InferenceSession(bundle / "model.onnx", providers=["CPUExecutionProvider"])
    feeds = {"image": group.canvas, "image_size": group.image_size}
    boxes, scores, labels, count, origin = session.run(None, feeds)
    assert count[0] > count[1] == 0
    for i, found in enumerate(count):
        assert (scores[i, :found] > 0.25).all()
        assert not scores[i, found:].any()
        assert not boxes[i, found:].any()
        assert not labels[i, found:].any()
        assert not origin[i, found:].any()

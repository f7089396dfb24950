"""Nodes are told apart into stages by their place in the graph, and their time is told."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tests.bench.readme_parts import markers, write
from tests.bench.stages import ProfiledGraph, stages

FLOAT, INT32, INT64 = TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64
CANVAS = np.random.default_rng(0).random((1, 3, 16, 16), np.float32)


def graph_of(*, given: bool) -> onnx.ModelProto:
    """A detector in miniature; its boxes are given, or come from its feature map."""
    node = helper.make_node
    makers = [
        node("Conv", ["canvas", "filters"], ["map"], "backbone", pads=[1, 1, 1, 1]),
        node("ReduceMax", ["map"], ["corner"], "anchor", keepdims=0),
        node("Expand", ["corner", "shape"], ["made"], "proposing"),
    ]
    boxes = "proposals" if given else "made"
    takers = [
        node("Abs", [boxes], ["here"], "routing"),
        node(
            "RoiAlign",
            ["map", "here", "image"],
            ["pooled"],
            "pooling",
            output_height=2,
            output_width=2,
        ),
        node("Flatten", ["pooled"], ["flat"], "flattening"),
        node("MatMul", ["flat", "layer"], ["logits"], "layer"),
        node("Softmax", ["logits"], ["probabilities"], "softmax"),
        node("Mul", ["probabilities", "probabilities"], ["scores"], "suppressing"),
    ]
    value = helper.make_tensor_value_info
    inputs = [value("canvas", FLOAT, (1, 3, 16, 16))]
    weights: dict[str, NDArray[Any]] = {
        "filters": np.full((4, 3, 3, 3), 0.1, np.float32),
        "layer": np.full((16, 5), 0.1, np.float32),
        "image": np.zeros(3, np.int64),
        "shape": np.array([3, 4], np.int64),
    }
    graph = helper.make_graph(
        (makers[:1] if given else makers) + takers,
        "miniature",
        [*inputs, value("proposals", FLOAT, (3, 4))] if given else inputs,
        [value("scores", FLOAT, (3, 5))],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def test_a_network_that_proposes_by_itself_has_every_stage() -> None:
    assert stages(graph_of(given=False).graph) == {
        "backbone": "features",
        "anchor": "proposals",
        "proposing": "proposals",
        "routing": "proposals",
        "pooling": "regions",
        "flattening": "regions",
        "layer": "regions",
        "softmax": "regions",
        "suppressing": "suppression",
    }


def test_where_proposals_are_given_their_routing_belongs_to_the_regions() -> None:
    found = stages(graph_of(given=True).graph)
    assert "proposals" not in found.values()
    assert (found["backbone"], found["routing"]) == ("features", "regions")


def test_of_a_graph_that_warps_all_that_depends_on_proposals_is_regions() -> None:
    model = graph_of(given=True)
    [pooling] = [node for node in model.graph.node if node.op_type == "RoiAlign"]
    pooling.op_type = "Warp"
    found = stages(model.graph)
    assert {name for name, stage in found.items() if stage == "features"} == {"backbone"}
    assert {*found.values()} == {"features", "regions"}


@pytest.mark.parametrize("given", [True, False])
def test_the_time_of_every_stage_is_told(given: bool, tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    onnx.save(graph_of(given=given), file)
    graph = ProfiledGraph(file, 1, tmp_path)
    feeds = {"canvas": CANVAS}
    if given:
        feeds["proposals"] = np.array([[0, 0, 4, 4]] * 3, np.float32)
    [scores] = graph.run(feeds)
    assert scores.shape == (3, 5)
    told = {"features", "regions", "suppression"} | (set() if given else {"proposals"})
    assert set(graph.ms()) == told


def test_a_measured_part_is_replaced_and_the_rest_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    begin, end = markers("speed")
    file.write_text(f"before\n{begin}\nold\n{end}\nafter\n")
    assert write("speed", "| 1 |", file)
    assert write("speed", "| 2 |", file)
    assert file.read_text() == f"before\n{begin}\n\n| 2 |\n\n{end}\nafter\n"
    assert not write("size", "| 3 |", file)

"""Inputs, outputs and attributes of a node beside the first: followed, or refused by name."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.analysis import measure

Graph = Callable[..., onnx.ModelProto]
WEIGHTS = {
    "line": np.array([4]),
    "pair": np.array([2]),
    "one": np.ones(4, np.float32),
    "c": np.arange(16, dtype=np.float32).reshape(1, 4, 2, 2),
    "pads": np.array([0, 0, 1, 1, 0, 0, 1, 1]),
}


def node(operator: str, inputs: str, *outputs: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(operator, inputs.split(), outputs, **attributes)


SQUEEZE = [node("GlobalAveragePool", "x", "g", name="gate"), node("Reshape", "g line", "s")]
HALVES = [*SQUEEZE, node("Split", "s", "t", "rest", num_outputs=2)]


@pytest.mark.parametrize(
    "nodes",
    [
        [*SQUEEZE, node("BatchNormalization", "x s one one one", "y")],
        [*SQUEEZE, node("BatchNormalization", "x one s one one", "y")],
        [
            *SQUEEZE,
            node("InstanceNormalization", "c s one", "n"),
            node("ReduceMax", "n axes", "m"),
            node("Add", "x m", "y"),
        ],
        [
            *HALVES,
            node("GroupNormalization", "c t t", "n", num_groups=2),
            node("ReduceMax", "n axes", "m"),
            node("Add", "x m", "y"),
        ],
    ],
)
def test_a_scale_that_depends_on_the_image_is_a_gate(
    graph_of: Graph, check: Callable[..., Any], nodes: Sequence[onnx.NodeProto]
) -> None:
    weights = {**WEIGHTS, "axes": np.array([2, 3])}
    model = graph_of(nodes, ("n", 4, "h", "w"), weights, opset=18)
    assert measure(model)["y"].field.whole_through == ("gate",)
    check(model, (1, 4, 5, 6))


@pytest.mark.parametrize(
    "last",
    [
        node("Pad", "x pads v", "y", name="culprit"),
        node("MatMulInteger", "x x v", "y", name="culprit"),
    ],
)
def test_an_input_that_is_not_followed_is_refused(graph_of: Graph, last: onnx.NodeProto) -> None:
    nodes = [node("ReduceMean", "x", "v", keepdims=0), last]
    with pytest.raises(BadInput, match=r"node 'culprit'.*input 2 depends on the image.*tensor 'x'"):
        measure(graph_of(nodes, (1, 2, 512, 512), WEIGHTS))


def test_the_tensor_to_ask_for_is_named(graph_of: Graph) -> None:
    nodes = [
        node("Relu", "x", "map"),
        node("ArgMax", "map", "at", axis=3, keepdims=0),
        node("Gather", "map at", "y", axis=2),
    ]
    model = graph_of(nodes)
    with pytest.raises(BadInput, match="Ask for the tensor 'map'"):
        measure(model)
    assert measure(model, ["map"])["map"].field.exact_at_border


def test_the_statistics_of_a_layer_have_their_own_shape(graph_of: Graph) -> None:
    nodes = [node("LayerNormalization", "x w", "a", "y", "z", axis=1)]
    found = measure(
        graph_of(nodes, (1, 2, 64, 64), {"w": np.ones((2, 64, 64), np.float32)}), ["a", "y", "z"]
    )
    assert found["a"].shape == (1, 2, *found["a"].shape[2:])
    assert found["y"].shape == found["z"].shape == (1, 1, 1, 1)
    assert found["y"].field.axes == (None, None)


def test_outputs_that_an_operator_has_not_are_refused(graph_of: Graph) -> None:
    with pytest.raises(BadInput, match=r"\(Relu\).*only its first output"):
        measure(graph_of([node("Relu", "x", "y", "z", name="two")]))


@pytest.mark.parametrize(
    ("operator", "attributes", "message"),
    [
        ("MaxPool", {"kernel_shape": [3, 3], "auto_pad": "FOO"}, "auto_pad 'FOO' is not one of"),
        ("MaxPool", {"kernel_shape": [3, 3], "ceil_mode": 1.5}, "ceil_mode is 1.5"),
        ("MaxPool", {"kernel_shape": "abc"}, "kernel_shape is b'abc'"),
        ("MaxPool", {"kernel_shape": [3.5, 3.5]}, "kernel_shape is 3.5"),
        ("DepthToSpace", {"blocksize": 1, "mode": "FOO"}, "mode 'FOO' is not one of"),
        ("Softmax", {"axis": "y"}, "axis is b'y'"),
    ],
)
def test_a_malformed_attribute_is_named(
    graph_of: Graph, operator: str, attributes: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        measure(graph_of([node(operator, "x", "y", **attributes)]))

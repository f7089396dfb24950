"""Images that do not do for a graph: why, and which ones do."""

import re
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import helper

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.analysis import measure

Graph = Callable[..., onnx.ModelProto]


def two_branches(graph_of: Graph) -> onnx.ModelProto:
    """Return a graph whose branches go together where its sides are multiples of 32."""
    nodes = [
        helper.make_node("MaxPool", ["x"], ["a"], kernel_shape=[32] * 2, strides=[32] * 2),
        helper.make_node("Resize", ["a", "", "up"], ["b"]),
        helper.make_node("Add", ["x", "b"], ["y"], name="meeting"),
    ]
    return graph_of(nodes, weights={"up": np.array([1, 1, 32, 32], np.float32)})


def test_branches_that_do_not_meet_are_told_with_sides_on_which_they_do(graph_of: Graph) -> None:
    model = two_branches(graph_of)
    why = r"node 'meeting' \(Add\): its inputs \[1, 2, 1200, 1200\] and \[1, 2, 1184, 1184\]"
    with pytest.raises(BadInput, match=why) as caught:
        measure(model, sides=(1200, 1200))
    assert "Use at least 1216 x 1216 px, in steps of 32 px." in str(caught.value)
    assert "too small" not in str(caught.value)
    assert measure(model, sides=(1216, 1216))["y"].field == measure(model)["y"].field


def test_the_sides_that_are_told_do(graph_of: Graph) -> None:
    model = two_branches(graph_of)
    with pytest.raises(BadInput, match="is too small: too few cells of y") as caught:
        measure(model, sides=(32, 32))
    told = re.search(r"Use at least (\d+) x (\d+) px", str(caught.value))
    assert told is not None
    sides = int(told[1]), int(told[2])
    assert max(sides) < 200
    assert measure(model, sides=sides)["y"].field == measure(model)["y"].field


def test_a_graph_of_large_fixed_sides_is_not_tried_on_smaller_ones(graph_of: Graph) -> None:
    order = np.random.default_rng(0).permutation(4096)
    node = helper.make_node("Gather", ["x", "order"], ["y"], axis=2)
    model = graph_of([node], (1, 2, 4096, 64), {"order": order})
    with pytest.raises(BadInput, match="does not repeat along the image") as caught:
        measure(model)
    assert "512" not in str(caught.value)

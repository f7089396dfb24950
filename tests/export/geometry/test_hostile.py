"""Graphs with faults put into them at random: a field or a refusal comes out, and soon."""

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from boxwright_contract.errors import BadInput, BoxwrightError
from boxwright_contract.geometry.graph.analysis import measure

OPERATORS = (
    *("Attention", "Concat", "ConstantOfShape", "Conv", "ConvTranspose", "CumSum", "Einsum"),
    *("Expand", "Gather", "GridSample", "If", "Loop", "MatMul", "MaxPool", "Pad", "Range"),
    *("Reshape", "Resize", "Slice", "Softmax", "Split", "Tile", "TopK", "Transpose", "Where"),
)
NUMBERS = (0, -1, 1, 7, 2**31, 2**62, -(2**62))
GRAPHS = 400


def sound(graph_of: Callable[..., onnx.ModelProto]) -> onnx.ModelProto:
    """Return a graph that holds a little of everything."""
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("Conv", "x w a", {"strides": [2, 2], "pads": [1] * 4, "group": 1}),
        ("MaxPool", "a b", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1] * 4}),
        ("ConvTranspose", "b t c", {"strides": [2, 2]}),
        ("Concat", "a c d", {"axis": 1}),
        ("Split", "d e f", {"axis": 1, "num_outputs": 2}),
        ("GlobalAveragePool", "e g", {}),
        ("Mul", "f g h", {}),
        ("Shape", "h i", {"start": 0, "end": 2}),
        ("Concat", "i line j", {"axis": 0}),
        ("Reshape", "h j k", {"allowzero": 0}),
        ("Transpose", "k l", {"perm": [0, 2, 1]}),
        ("Softmax", "l m", {"axis": 1}),
        ("Slice", "m zero one zero n", {}),
        ("Pad", "h pads o", {"mode": "reflect"}),
        ("Resize", "o  scales y", {"mode": "linear"}),
    ]
    nodes = []
    for operator, values, attributes in rows:
        names = values.split(" ")
        outputs = 2 if operator == "Split" else 1
        nodes.append(helper.make_node(operator, names[:-outputs], names[-outputs:], **attributes))
    weights: dict[str, Any] = {
        "w": np.ones((2, 2, 3, 3), np.float32),
        "t": np.ones((2, 2, 2, 2), np.float32),
        "line": np.array([-1]),
        "zero": np.array([0]),
        "one": np.array([1]),
        "pads": np.array([0, 0, 1, 1, 0, 0, 1, 1]),
        "scales": np.array([1, 1, 2, 2], np.float32),
    }
    return graph_of(nodes, weights=weights)


def spoil(graph: onnx.GraphProto, dice: random.Random) -> None:
    """Put one fault into a graph."""
    node = dice.choice(graph.node)
    attribute = dice.choice(node.attribute) if node.attribute else None
    match dice.randrange(7):
        case 0:
            node.op_type = dice.choice(OPERATORS)
        case 1:
            node.input[dice.randrange(len(node.input))] = dice.choice(graph.node).output[0]
        case 2:
            node.input[dice.randrange(len(node.input))] = ""
        case 3 if attribute is not None and attribute.ints:
            attribute.ints[dice.randrange(len(attribute.ints))] = dice.choice(NUMBERS)
        case 4 if attribute is not None:
            attribute.i = dice.choice(NUMBERS)
        case 5:
            tensor = dice.choice(graph.initializer)
            spoiled = bytearray(tensor.raw_data)
            spoiled[dice.randrange(len(spoiled))] = dice.randrange(256)
            tensor.raw_data = bytes(spoiled)
        case _:
            tensor = dice.choice(graph.initializer)
            tensor.dims[dice.randrange(len(tensor.dims))] = dice.choice((0, 1, 3, 2**40, -1))


def test_many_large_resizes_are_followed_soon(graph_of: Callable[..., onnx.ModelProto]) -> None:
    nodes = [
        helper.make_node("Resize", ["x", "", "up"], [f"r{i}"], mode="linear") for i in range(9)
    ]
    nodes.append(helper.make_node("Sum", [f"r{i}" for i in range(9)], ["y"]))
    model = graph_of(nodes, weights={"up": np.array([1, 1, 512, 512], np.float32)})
    began = time.perf_counter()
    axis = measure(model)["y"].field.axes[0]
    assert time.perf_counter() - began < 10
    assert axis is not None
    assert (axis.phases, axis.period_px) == (512, 1)


@pytest.mark.parametrize("scale", [8, 1.6180339, 3000])
def test_scales_without_a_pattern_are_refused_soon(
    graph_of: Callable[..., onnx.ModelProto], scale: float
) -> None:
    mode = "align_corners" if scale == 8 else "half_pixel"
    node = helper.make_node(
        "Resize", ["x", "", "up"], ["y"], mode="linear", coordinate_transformation_mode=mode
    )
    model = graph_of([node], weights={"up": np.array([1, 1, scale, 1], np.float32)})
    began = time.perf_counter()
    with pytest.raises(BadInput, match=r"does not repeat|limit"):
        measure(model)
    assert time.perf_counter() - began < 10


def test_no_fault_does_more_than_be_refused(graph_of: Callable[..., onnx.ModelProto]) -> None:
    model = sound(graph_of)
    assert measure(model, ["y", "n"])
    dice = random.Random(0)
    answers: Counter[str] = Counter()
    for _ in range(GRAPHS):
        spoiled = onnx.ModelProto()
        spoiled.CopyFrom(model)
        for _ in range(dice.randint(1, 3)):
            spoil(spoiled.graph, dice)
        began = time.perf_counter()
        try:
            measure(spoiled, ["y", "n"])
            answers["measured"] += 1
        except BoxwrightError as error:
            answers[type(error).__name__] += 1
        assert time.perf_counter() - began < 10
    assert answers["measured"] > GRAPHS // 20
    assert answers["BadInput"] > GRAPHS // 4

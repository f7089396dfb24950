"""Graphs made by hand, and what their cells see as ONNX Runtime itself shows it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from boxwright_contract.geometry.graph.analysis import Intervals, intervals

Array = NDArray[Any]
Graph = Callable[..., onnx.ModelProto]


@pytest.fixture(name="graph_of", scope="session")
def fixture_graph_of() -> Graph:
    """A model: (nodes, image dims, weights by name, opset=)."""
    return graph_of


@pytest.fixture(name="check", scope="session")
def fixture_check() -> Callable[..., Intervals]:
    """Compare intervals with what changes: (model, image shape)."""
    return check


def graph_of(
    nodes: Sequence[onnx.NodeProto],
    dims: Sequence[int | str] = ("n", 2, "h", "w"),
    weights: Mapping[str, Array] | None = None,
    opset: int = 20,
    output: str = "y",
) -> onnx.ModelProto:
    """Return a model from "x" to `output`."""
    graph = helper.make_graph(
        nodes,
        "made_for_tests",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, dims)],
        [helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9 if opset < 22 else 11)


def check(model: onnx.ModelProto, shape: tuple[int, ...], first_side: int = 2) -> Intervals:
    """Assert that the intervals of the output are those of the pixels that change it.

    Args:
        model: From "x" to one output.
        shape: Of the image, (1, ..., H, W, ...).
        first_side: Which axis is the first side; the second follows it.
    """
    name = model.graph.output[0].name
    sides = shape[first_side : first_side + 2]
    found = intervals(model, [name], sides)[name]
    changes = changed(model, shape, first_side)  # (H, W, *output)
    assert found.shape == changes.shape[2:]
    for axis, side in enumerate(sides):
        seen = changes.any(axis=1 - axis)  # (side, *output)
        place = np.arange(side).reshape(-1, *[1] * len(found.shape))
        lo = np.where(seen, place, side).min(axis=0)
        hi = np.where(seen, place, -1).max(axis=0)
        nothing = found.axes[axis][0] > found.axes[axis][1]
        np.testing.assert_array_equal(nothing, lo > hi, f"what axis {axis} sees nothing of")
        there = ~nothing
        np.testing.assert_array_equal(found.axes[axis][0][there], lo[there])
        np.testing.assert_array_equal(found.axes[axis][1][there], hi[there])
    return found


def changed(model: onnx.ModelProto, shape: tuple[int, ...], first_side: int) -> NDArray[np.bool_]:
    """Return which elements of the output change with each pixel: (H, W, *output)."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    random = np.random.default_rng(0)
    image = random.uniform(1, 2, shape).astype(np.float32)
    uneven = random.uniform(0.5, 1, shape).astype(np.float32)  # a shift of all may show nowhere
    [plain] = session.run(None, {"x": image})
    height, width = shape[first_side : first_side + 2]
    found = np.zeros((height, width, *plain.shape), np.bool_)
    for y in range(height):
        for x in range(width):
            place = (slice(None),) * first_side + (y, x)
            for by in (40, -0.9):  # far up shows in a maximum, a little down in a minimum
                other = image.copy()
                other[place] += by * uneven[place]
                [moved] = session.run(None, {"x": other})
                found[y, x] |= np.abs(moved - plain) > 1e-4 * np.abs(plain).max()
    return found

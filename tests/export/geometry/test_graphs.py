"""What is asked of a graph, what it answers, and what it refuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

import boxwright
from boxwright_contract.errors import BadInput, UnknownName
from boxwright_contract.geometry.field import AxisField, Field
from boxwright_contract.geometry.graph.analysis import intervals, measure

Graph = Callable[..., onnx.ModelProto]
BLUR = {"w": np.ones((2, 2, 3, 3), np.float32)}


def node(operator: str, *values: str, **attributes: Any) -> onnx.NodeProto:
    """Return a node: its inputs, then its one output."""
    return helper.make_node(operator, values[:-1], values[-1:], **attributes)


def blur(before: str, after: str, **attributes: Any) -> onnx.NodeProto:
    return node("Conv", before, "w", after, **{"pads": [1] * 4, **attributes})


def test_the_served_model_is_followed_up_to_where_boxes_are_chosen() -> None:
    model = onnx.load(Path(boxwright.__file__).parent / "models/people/1/model.onnx")
    convolutions = [each for each in model.graph.node if each.op_type == "Conv"]
    [last] = convolutions[-1].output
    found = measure(model, [last], divisor=32)[last]
    y, x = found.field.axes
    assert y == x
    assert y is not None
    assert (y.phases, y.period_px) == (1, 64)
    assert y.sizes_px[0] > 500
    with pytest.raises(BadInput, match=r"node 'node_\w+' \(\w+\): "):
        measure(model, ["boxes"], divisor=32)


def test_a_gate_is_named_and_left_out(graph_of: Graph) -> None:
    nodes = [
        blur("x", "a"),
        node("GlobalAveragePool", "a", "p", name="squeeze"),
        node("Sigmoid", "p", "s"),
        node("Mul", "a", "s", "y"),
    ]
    model = graph_of(nodes, weights=BLUR)
    field = measure(model)["y"].field
    assert field == Field(
        axes=(AxisField(1, (-1,), (1,)),) * 2, whole_through=("squeeze",), exact_at_border=True
    )
    lo, hi = intervals(model, ["y"], (7, 9))["y"].axes[1]
    assert (lo.max(), hi.min()) == (0, 8)
    assert measure(model, ["s"])["s"].field.axes == (None, None)


def test_pooling_along_one_axis_leaves_the_other(graph_of: Graph) -> None:
    nodes = [node("ReduceMean", "x", "axes", "p", name="strip"), node("Tanh", "p", "y")]
    field = measure(graph_of(nodes, weights={"axes": np.array([2])}))["y"].field
    assert field.axes == (None, AxisField(1, (0,), (0,)))
    assert field.whole_through == ("strip",)


def test_attention_over_a_coarse_grid_is_global(graph_of: Graph) -> None:
    nodes = [
        node("Shape", "x", "all"),
        node("Slice", "all", "two", "four", "sides"),
        node("Div", "sides", "grid", "steps"),
        node("Concat", "lead", "grid", "steps", "mixed", axis=0),
        node("Gather", "mixed", "order", "apart"),
        node("Reshape", "x", "apart", "g"),
        node("ReduceMean", "g", "outer", "m", name="grid_mean"),
        node("Add", "g", "m", "j"),
        node("Reshape", "j", "all", "y"),
    ]
    weights = {
        "two": np.array([2]),
        "four": np.array([4]),
        "grid": np.array([4, 4]),
        "lead": np.array([1, 2]),
        "order": np.array([0, 1, 2, 4, 3, 5]),
        "outer": np.array([2, 4]),
    }
    field = measure(graph_of(nodes, weights=weights))["y"].field
    assert field.axes == (AxisField(1, (0,), (0,)),) * 2
    assert field.whole_through == ("grid_mean",)


def test_phases_without_input_see_nothing(graph_of: Graph) -> None:
    nodes = [node("ConvTranspose", "x", "w", "y", strides=[3, 3])]
    kernel = {"w": np.ones((2, 2, 1, 1), np.float32)}
    axis = measure(graph_of(nodes, weights=kernel))["y"].field.axes[0]
    assert axis is not None
    assert (axis.period_px, axis.phases, axis.sizes_px) == (1, 3, (0, 1))


@pytest.mark.parametrize("operator", ["NonMaxSuppression", "Frobnicate", "GridSample"])
def test_an_operator_that_cannot_be_followed_is_named(graph_of: Graph, operator: str) -> None:
    nodes = [blur("x", "a"), node(operator, "a", "w", "y", name="culprit")]
    model = graph_of(nodes, weights=BLUR)
    with pytest.raises(BadInput, match=rf"node 'culprit' \({operator}\)"):
        measure(model)
    assert measure(model, ["a"])["a"].field.exact_at_border


def test_an_operator_that_no_wanted_tensor_needs_does_not_matter(graph_of: Graph) -> None:
    nodes = [node("Frobnicate", "x", "z"), blur("x", "y")]
    assert measure(graph_of(nodes, weights=BLUR))["y"].field.axes[0] == AxisField(1, (-1,), (1,))


def test_indices_that_depend_on_the_image_are_refused(graph_of: Graph) -> None:
    nodes = [
        node("ArgMax", "x", "at", axis=3, keepdims=0),
        node("Gather", "x", "at", "y", axis=2, name="routed"),
    ]
    with pytest.raises(BadInput, match=r"node 'routed' \(Gather\): .*depends on the image"):
        measure(graph_of(nodes))


def test_sides_that_are_too_small_are_refused_with_some_that_do(graph_of: Graph) -> None:
    nodes = [blur("x", "a", strides=[4, 4], dilations=[9, 9]), blur("a", "y", dilations=[5, 5])]
    model = graph_of(nodes, weights=BLUR)
    with pytest.raises(
        BadInput, match=r"an image of 40 x 200 px does not do.*window of 11"
    ) as caught:
        measure(model, divisor=8, sides=(40, 200))
    enough = str(caught.value).rpartition("Use at least ")[2].partition(" px,")[0]
    height, width = map(int, enough.split(" x "))
    assert height % 8 == width % 8 == 0
    found = measure(model, sides=(height, width))["y"]
    assert found.field.axes == measure(model)["y"].field.axes
    assert height < 150


def test_a_graph_of_small_fixed_sides_is_measured_on_larger_ones(graph_of: Graph) -> None:
    model = graph_of([blur("x", "y", strides=[2, 2])], (1, 2, 3, 3), BLUR)
    assert measure(model)["y"].field.axes[0] == AxisField(2, (-1,), (1,))


def test_a_graph_that_is_bound_to_small_sides_says_so(graph_of: Graph) -> None:
    nodes = [
        blur("x", "a"),
        node("Reshape", "a", "shape", "b", name="bound"),
        blur("b", "y", dilations=[9, 9]),
    ]
    weights = {**BLUR, "shape": np.array([1, 2, 6, 6])}
    with pytest.raises(BadInput, match=r"an image of 6 x 6 px.*node 'bound' \(Reshape\).*Export"):
        measure(graph_of(nodes, (1, 2, 6, 6), weights))


def test_a_scale_that_depends_on_the_size_repeats_nowhere(graph_of: Graph) -> None:
    nodes = [node("Resize", "x", "", "", "sizes", "y", mode="linear")]
    with pytest.raises(BadInput, match="does not repeat along the image"):
        measure(graph_of(nodes, weights={"sizes": np.array([1, 2, 99, 99])}))


def test_images_may_have_their_channels_last_and_one_side_or_three(graph_of: Graph) -> None:
    nodes = [node("Transpose", "x", "t", perm=[0, 3, 1, 2]), node("Relu", "t", "y")]
    assert len(measure(graph_of(nodes, ("n", "h", "w", 3)))["y"].field.axes) == 2
    line = graph_of(
        [node("Conv", "x", "k", "y", strides=[2])], ("n", 3, "l"), {"k": np.ones((2, 3, 3), "f")}
    )
    assert measure(line)["y"].field.axes == (AxisField(2, (0,), (2,)),)
    cube = graph_of([node("MaxPool", "x", "y", kernel_shape=[2] * 3)], ("n", 1, "d", "h", "w"))
    assert measure(cube)["y"].field.axes == (AxisField(1, (0,), (1,)),) * 3


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([blur("y", "a"), blur("a", "y")], "no earlier node makes"),
        ([blur("nowhere", "y")], "'nowhere', which no earlier node makes"),
        ([blur("x", "y"), blur("x", "y")], "made twice"),
        ([blur("x", "x")], "made twice"),
        ([node("Conv", "x", "y")], "is malformed|missing"),
        ([node("Reshape", "x", "w", "y")], "Reshape"),
        ([node("Transpose", "x", "y", perm=[0, 0, 1, 2])], "no order of the axes"),
        ([node("Concat", "x", "w", "y", axis=7)], "no axis 7"),
        ([blur("x", "y", pads=[2**62] * 4)], "Conv|limit"),
    ],
)
def test_a_malformed_graph_is_refused(
    graph_of: Graph, nodes: list[onnx.NodeProto], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        measure(graph_of(nodes, weights=BLUR))


def test_names_that_are_not_there_are_told_with_those_that_are(graph_of: Graph) -> None:
    model = graph_of([blur("x", "y")], weights=BLUR)
    with pytest.raises(UnknownName, match=r"no tensor named 'z'.*Known: x, y"):
        measure(model, ["z"])
    with pytest.raises(UnknownName, match="no input named 'picture'"):
        measure(model, image="picture")


def test_a_hostile_graph_takes_no_more_than_its_limit(graph_of: Graph) -> None:
    nodes = [node("ConstantOfShape", "shape", "c"), node("Add", "x", "c", "y")]
    weights = {"shape": np.array([1, 1, 10**6, 10**6])}
    with pytest.raises(BadInput, match=r"go together|limit"):
        measure(graph_of(nodes, weights=weights))
    tiled = [node("Tile", "x", "times", "y")]
    with pytest.raises(BadInput, match="limit"):
        intervals(graph_of(tiled, weights={"times": np.array([1, 1, 10**9, 1])}), ["y"], (64, 64))

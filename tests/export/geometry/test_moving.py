"""Operators that move, pad and arrange cells, against ONNX Runtime."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import helper

Check = Callable[..., Any]
PIXELS = (1, 4, 4, 6)
DIMS = ("n", 4, "h", "w")
BLUR = np.random.default_rng(2).uniform(0.5, 1, (4, 1, 3, 3)).astype(np.float32)


def chain(*steps: tuple[Any, ...]) -> tuple[list[onnx.NodeProto], Mapping[str, Any]]:
    """Return nodes in a row from "x" to "y": (operator, {attributes}, other inputs...)."""
    nodes: list[onnx.NodeProto] = []
    weights: dict[str, Any] = {}
    value = "x"
    for number, (operator, attributes, *arrays) in enumerate(steps):
        names = [f"{operator}{number}.{place}" for place in range(len(arrays))]
        weights.update(zip(names, arrays, strict=True))
        made = "y" if number == len(steps) - 1 else f"v{number}"
        nodes.append(helper.make_node(operator, [value, *names], [made], **attributes))
        value = made
    return nodes, weights


BLURRED = ("Conv", {"group": 4, "pads": [1] * 4}, BLUR)
CHAINS: Mapping[str, tuple[tuple[Any, ...], ...]] = {
    "tokens": (BLURRED, ("Reshape", {}, np.array([0, 4, -1])), ("Transpose", {"perm": [0, 2, 1]})),
    "windows": (
        ("Reshape", {}, np.array([1, 4, 2, 2, 3, 2])),
        ("Transpose", {"perm": [0, 2, 4, 3, 5, 1]}),
        ("Reshape", {}, np.array([6, 4, 4])),
        ("Softmax", {"axis": 1}),
    ),
    "a reshape that mixes channels and places": (BLURRED, ("Reshape", {}, np.array([8, 3, 4]))),
    "shuffled channels": (
        ("Reshape", {}, np.array([0, 2, 2, 4, 6])),
        ("Transpose", {"perm": [0, 2, 1, 3, 4]}),
        ("Reshape", {}, np.array([0, 4, 4, 6])),
        ("Conv", {"group": 4, "strides": [2, 1]}, BLUR),
    ),
    "pixels out of channels": (("DepthToSpace", {"blocksize": 2}), ("Sqrt", {})),
    "columns out of channels": (("DepthToSpace", {"blocksize": 2, "mode": "CRD"}), ("Sqrt", {})),
    "channels out of pixels": (BLURRED, ("SpaceToDepth", {"blocksize": 2})),
    "tokens from the second on": (
        ("Flatten", {"axis": 2}),
        ("Slice", {}, np.array([2]), np.array([22]), np.array([1])),
    ),
    "backwards": (
        BLURRED,
        ("Slice", {}, np.array([-1, 5]), np.array([-99, 0]), np.array([2, 3]), np.array([-1, -2])),
    ),
    "repeated": (("Tile", {}, np.array([1, 2, 3, 1])), ("Conv", {}, np.ones((1, 8, 2, 2), "f"))),
    "gathered": (("Gather", {"axis": 3}, np.array([[5, 0], [-2, 2]])), ("Exp", {})),
    "one row": (("Gather", {"axis": 2}, np.array(-1)), ("Unsqueeze", {}, np.array([0, -1]))),
    "cumulated": (("CumSum", {}, np.array(2)), ("CumSum", {"reverse": 1}, np.array(3))),
    "cumulated, itself left out": (("CumSum", {"exclusive": 1}, np.array(3)), ("Exp", {})),
    "a response of channels": (("LRN", {"size": 3}), ("Squeeze", {}, np.array([0]))),
}


@pytest.mark.parametrize("steps", CHAINS.values(), ids=CHAINS)
def test_cells_are_followed_wherever_they_go(
    check: Check, graph_of: Check, steps: tuple[tuple[Any, ...], ...]
) -> None:
    nodes, weights = chain(*steps)
    check(graph_of(nodes, DIMS, weights), PIXELS)


@settings(max_examples=60, deadline=None)
@given(
    mode=st.sampled_from(("constant", "edge", "reflect", "wrap")),
    pads=st.lists(st.integers(-1, 3), min_size=4, max_size=4),
    window=st.sampled_from((1, 2, 3)),
)
def test_a_pad_sees_what_it_repeats(
    check: Check, graph_of: Check, mode: str, pads: list[int], window: int
) -> None:
    assume(mode == "constant" or min(pads) >= 0)  # the others crop otherwise in each runtime
    assume(
        all(side + a + b >= window for side, a, b in zip((4, 6), pads[:2], pads[2:], strict=True))
    )
    kernel = np.ones((4, 1, window, window), np.float32)
    steps = ("Pad", {"mode": mode}, np.array([0, 0, *pads[:2], 0, 0, *pads[2:]]))
    nodes, weights = chain(steps, ("Conv", {"group": 4}, kernel))
    check(graph_of(nodes, DIMS, weights), PIXELS)


def test_branches_in_other_channels_are_kept_apart(check: Check, graph_of: Check) -> None:
    nodes = [
        helper.make_node("Split", ["x"], ["a", "b"], axis=1, num_outputs=2),
        helper.make_node("Conv", ["a", "w"], ["c"], group=2, pads=[1] * 4),
        helper.make_node("Concat", ["c", "b"], ["d"], axis=1),
    ]
    model = graph_of([*nodes, helper.make_node("Identity", ["d"], ["y"])], DIMS, {"w": BLUR[:2]})
    found = check(model, PIXELS)
    lo, hi = found.axes[0]
    assert (hi - lo)[0, :, 2, 2].tolist() == [2, 2, 0, 0]


def test_an_image_rolled_around_sees_both_ends_at_the_seam(check: Check, graph_of: Check) -> None:
    kernel = np.ones((4, 1, 2, 2), np.float32)
    nodes = [
        helper.make_node("Slice", ["x", "one", "end", "axis"], ["a"]),
        helper.make_node("Slice", ["x", "zero", "one", "axis"], ["b"]),
        helper.make_node("Concat", ["a", "b"], ["c"], axis=2),
        helper.make_node("Conv", ["c", "w"], ["y"], group=4),
    ]
    weights = {"w": kernel, "zero": [0], "one": [1], "end": [99], "axis": [2]}
    model = graph_of(nodes, DIMS, {name: np.asarray(array) for name, array in weights.items()})
    check(model, PIXELS)


def test_padding_that_differs_between_operands_is_told_cell_by_cell(
    check: Check, graph_of: Check
) -> None:
    nodes = [
        helper.make_node("Pad", ["x", "down"], ["a"]),
        helper.make_node("Pad", ["x", "right"], ["b"]),
        helper.make_node("Add", ["a", "b"], ["c"]),
        helper.make_node("Conv", ["c", "w"], ["y"], group=4, strides=[1, 2]),
    ]
    weights = {
        "down": np.array([0, 0, 0, 0, 0, 0, 3, 3]),
        "right": np.array([0, 0, 3, 2, 0, 0, 0, 1]),
        "w": np.ones((4, 1, 1, 2), np.float32),
    }
    check(graph_of(nodes, DIMS, weights), PIXELS)

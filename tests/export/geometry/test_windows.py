"""Convolution and pooling with every attribute, against ONNX Runtime."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from onnx import helper

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.analysis import intervals

Check = Callable[..., Any]
PADDING = st.sampled_from(("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"))

SPARSE = (HealthCheck.filter_too_much,)
"""Many windows that can be drawn do not fit their image."""


def pairs(least: int, most: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(least, most), min_size=2, max_size=2)


def needed_padding(sides: list[int], kernel: list[int], strides: list[int]) -> list[int]:
    """Return what SAME comes to; negative where windows are smaller than the stride."""
    return [
        (math.ceil(side / stride) - 1) * stride + size - side
        for side, size, stride in zip(sides, kernel, strides, strict=True)
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=SPARSE)
@given(
    sides=pairs(1, 9),
    kernel=pairs(1, 4),
    strides=pairs(1, 4),
    dilations=pairs(1, 3),
    pads=st.lists(st.integers(0, 3), min_size=4, max_size=4),
    auto_pad=PADDING,
    groups=st.sampled_from((1, 2)),
)
def test_a_convolution_sees_its_taps_inside_the_image(
    check: Check,
    graph_of: Check,
    sides: list[int],
    kernel: list[int],
    strides: list[int],
    dilations: list[int],
    pads: list[int],
    auto_pad: str,
    groups: int,
) -> None:
    attributes: dict[str, Any] = {"strides": strides, "dilations": dilations, "group": groups}
    if auto_pad == "NOTSET":
        attributes["pads"] = pads
        fits = zip(sides, pads[:2], pads[2:], kernel, dilations, strict=True)
    else:
        assume(auto_pad == "VALID" or dilations == [1, 1])  # ONNX Runtime takes no other
        assume(auto_pad == "VALID" or min(needed_padding(sides, kernel, strides)) > -3)
        attributes["auto_pad"] = auto_pad
        fits = zip(sides, (0, 0), (0, 0), kernel, dilations, strict=True)
        assume(auto_pad != "VALID" or all(s >= d * (k - 1) + 1 for s, _, _, k, d in fits))
        fits = zip((), (), (), (), (), strict=True)
    assume(all(s + a + b >= d * (k - 1) + 1 for s, a, b, k, d in fits))
    weights = {"w": np.random.default_rng(1).uniform(0.5, 1, (4, 2 // groups, *kernel))}
    node = helper.make_node("Conv", ["x", "w"], ["y"], **attributes)
    model = graph_of([node], weights={"w": weights["w"].astype(np.float32)})
    check(model, (1, 2, *sides))


@settings(max_examples=60, deadline=None, suppress_health_check=SPARSE)
@given(
    kind=st.sampled_from(("MaxPool", "AveragePool")),
    sides=pairs(2, 9),
    kernel=pairs(1, 4),
    strides=pairs(1, 4),
    dilations=pairs(1, 2),
    pads=st.lists(st.integers(0, 3), min_size=4, max_size=4),
    ceil=st.booleans(),
    count_padding=st.booleans(),
)
def test_a_pooling_sees_its_window_inside_the_image(
    check: Check,
    graph_of: Check,
    kind: str,
    sides: list[int],
    kernel: list[int],
    strides: list[int],
    dilations: list[int],
    pads: list[int],
    ceil: bool,
    count_padding: bool,
) -> None:
    room = zip(sides, pads[:2], pads[2:], kernel, dilations, strict=True)
    assume(all(s + a + b >= d * (k - 1) + 1 and a < k and b < k for s, a, b, k, d in room))
    attributes: dict[str, Any] = {"strides": strides, "dilations": dilations, "pads": pads}
    if kind == "AveragePool":
        attributes["count_include_pad"] = int(count_padding)
    node = helper.make_node(
        kind, ["x"], ["y"], kernel_shape=kernel, ceil_mode=int(ceil), **attributes
    )
    check(graph_of([node]), (1, 2, *sides))


@settings(max_examples=80, deadline=None, suppress_health_check=SPARSE)
@given(
    sides=pairs(1, 5),
    kernel=pairs(1, 4),
    strides=pairs(1, 4),
    dilations=pairs(1, 3),
    pads=st.lists(st.integers(0, 2), min_size=4, max_size=4),
    extra=pairs(0, 2),
    groups=st.sampled_from((1, 2)),
    shaped=st.sampled_from(("pads", "shape", "shape upper", "SAME_UPPER", "SAME_LOWER")),
)
def test_a_transposed_convolution_sees_the_inputs_that_are_spread_over_it(
    check: Check,
    graph_of: Check,
    sides: list[int],
    kernel: list[int],
    strides: list[int],
    dilations: list[int],
    pads: list[int],
    extra: list[int],
    groups: int,
    shaped: str,
) -> None:
    extents = [d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True)]
    extra = [min(e, s - 1) for e, s in zip(extra, strides, strict=True)]  # as ONNX Runtime has it
    reach = [(n - 1) * s + e + o for n, s, e, o in zip(sides, strides, extents, extra, strict=True)]
    attributes: dict[str, Any] = {
        "strides": strides,
        "dilations": dilations,
        "output_padding": extra,
        "group": groups,
    }
    if shaped == "pads":
        attributes["pads"] = pads
        assume(all(r - a - b > 0 for r, a, b in zip(reach, pads[:2], pads[2:], strict=True)))
    elif shaped.startswith("shape"):
        attributes["output_shape"] = [
            max(r - p % s, 1) for r, p, s in zip(reach, pads, strides, strict=False)
        ]
        if shaped.endswith("upper"):
            attributes["auto_pad"] = "SAME_UPPER"
    else:
        assume(all(r >= n * s for r, n, s in zip(reach, sides, strides, strict=True)))
        attributes["auto_pad"] = shaped
    weights = np.random.default_rng(1).uniform(0.5, 1, (2, 3, *kernel)).astype(np.float32)
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], **attributes)
    check(graph_of([node], weights={"w": weights}), (1, 2, *sides))


@settings(max_examples=40, deadline=None, suppress_health_check=SPARSE)
@given(
    kind=st.sampled_from(("MaxPool", "AveragePool")),
    sides=pairs(1, 9),
    kernel=pairs(1, 4),
    strides=pairs(1, 4),
    auto_pad=st.sampled_from(("SAME_UPPER", "SAME_LOWER")),
)
def test_a_pooling_pads_as_its_size_needs(
    check: Check,
    graph_of: Check,
    kind: str,
    sides: list[int],
    kernel: list[int],
    strides: list[int],
    auto_pad: str,
) -> None:
    assume(min(needed_padding(sides, kernel, strides)) >= 0)  # ONNX Runtime fails on others
    node = helper.make_node(
        kind, ["x"], ["y"], kernel_shape=kernel, strides=strides, auto_pad=auto_pad
    )
    check(graph_of([node]), (1, 2, *sides))


def test_a_window_that_lies_in_the_padding_alone_sees_nothing(
    check: Check, graph_of: Check
) -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[3, 0, 0, 0])
    model = graph_of([node], weights={"w": np.ones((1, 2, 1, 1), np.float32)})
    found = check(model, (1, 2, 4, 5))
    assert (found.axes[1][0][0, 0, :3] > found.axes[1][1][0, 0, :3]).all()


@pytest.mark.parametrize(
    "attributes",
    [
        {"strides": [0, 1]},
        {"dilations": [-1, 1]},
        {"pads": [0, 0, -1, 0]},
        {"strides": [1]},
        {"group": 0},
        {"group": 3},
        {"kernel_shape": [9, 9]},
    ],
)
def test_an_impossible_window_is_refused_with_its_numbers(
    graph_of: Check, attributes: dict[str, Any]
) -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="bad", **attributes)
    model = graph_of([node], weights={"w": np.ones((4, 2, 3, 3), np.float32)})
    with pytest.raises(BadInput, match=r"node 'bad' \(Conv\): .*\d"):
        intervals(model, ["y"], (5, 5))

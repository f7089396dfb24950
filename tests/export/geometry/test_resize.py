"""Interpolation in every mode, against ONNX Runtime."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import helper

Check = Callable[..., Any]
COORDINATES = (
    "half_pixel",
    "pytorch_half_pixel",
    "align_corners",
    "asymmetric",
    "half_pixel_symmetric",
)
ROUNDING = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
SIDES = st.tuples(st.integers(1, 7), st.integers(1, 7))
TARGETS = st.tuples(st.integers(1, 12), st.integers(1, 12))


def resized(graph_of: Check, sizes: tuple[int, int], **attributes: Any) -> Any:
    node = helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], **attributes)
    return graph_of([node], weights={"sizes": np.array([1, 2, *sizes])})


@settings(max_examples=80, deadline=None)
@given(
    sides=st.tuples(*[st.sampled_from((1, 2, 4, 8))] * 2),  # scales that are exact in float32
    sizes=TARGETS,
    coordinates=st.sampled_from(COORDINATES),
    rounding=st.sampled_from(ROUNDING),
)
def test_nearest_takes_one_cell(
    check: Check,
    graph_of: Check,
    sides: tuple[int, int],
    sizes: tuple[int, int],
    coordinates: str,
    rounding: str,
) -> None:
    model = resized(
        graph_of,
        sizes,
        mode="nearest",
        nearest_mode=rounding,
        coordinate_transformation_mode=coordinates,
    )
    check(model, (1, 2, *sides))


@settings(max_examples=80, deadline=None)
@given(
    sides=SIDES,
    sizes=TARGETS,
    coordinates=st.sampled_from(COORDINATES),
    mode=st.sampled_from(("linear", "cubic")),
)
def test_neighbours_are_blended_where_they_have_a_weight(
    check: Check,
    graph_of: Check,
    sides: tuple[int, int],
    sizes: tuple[int, int],
    coordinates: str,
    mode: str,
) -> None:
    model = resized(graph_of, sizes, mode=mode, coordinate_transformation_mode=coordinates)
    check(model, (1, 2, *sides))


@settings(max_examples=40, deadline=None)
@given(sides=SIDES, sizes=TARGETS, mode=st.sampled_from(("linear", "cubic")))
def test_antialiasing_blends_all_that_becomes_one_cell(
    check: Check, graph_of: Check, sides: tuple[int, int], sizes: tuple[int, int], mode: str
) -> None:
    check(resized(graph_of, sizes, mode=mode, antialias=1), (1, 2, *sides))


@settings(max_examples=40, deadline=None)
@given(
    sides=SIDES,
    scales=st.tuples(*[st.sampled_from((0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0))] * 2),
    mode=st.sampled_from(("nearest", "linear")),
    coordinates=st.sampled_from(COORDINATES),
)
def test_scales_make_sides_that_are_rounded_down(
    check: Check,
    graph_of: Check,
    sides: tuple[int, int],
    scales: tuple[float, float],
    mode: str,
    coordinates: str,
) -> None:
    assume(all(side * scale >= 1 for side, scale in zip(sides, scales, strict=True)))
    node = helper.make_node(
        "Resize", ["x", "", "scales"], ["y"], mode=mode, coordinate_transformation_mode=coordinates
    )
    weights = {"scales": np.array([1, 1, *scales], np.float32)}
    check(graph_of([node], weights=weights), (1, 2, *sides))


@pytest.mark.parametrize("policy", ["stretch", "not_larger", "not_smaller"])
@pytest.mark.parametrize("sizes", [(7, 9), (3, 12), (2, 2)])
def test_sides_in_proportion(
    check: Check, graph_of: Check, policy: str, sizes: tuple[int, int]
) -> None:
    node = helper.make_node(
        "Resize",
        ["x", "", "", "sizes"],
        ["y"],
        mode="linear",
        axes=[2, 3],
        keep_aspect_ratio_policy=policy,
    )
    check(graph_of([node], weights={"sizes": np.array(sizes)}), (1, 2, 4, 6))


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize(("operator", "opset"), [("Upsample", 9), ("Resize", 10)])
def test_older_operators(
    check: Check, graph_of: Check, operator: str, opset: int, mode: str
) -> None:
    node = helper.make_node(operator, ["x", "scales"], ["y"], mode=mode)
    weights = {"scales": np.array([1, 1, 2, 3], np.float32)}
    check(graph_of([node], weights=weights, opset=opset), (1, 2, 4, 3))

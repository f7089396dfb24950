"""Resize and Upsample: interpolation along each axis, in exact arithmetic."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.limits import check_cells
from boxwright_contract.geometry.graph.node import Node
from boxwright_contract.geometry.graph.rules.kernels import Line, cubic_taps, linear_taps
from boxwright_contract.geometry.graph.runs import Runs
from boxwright_contract.geometry.graph.tensor import Seen

HALF = Fraction(1, 2)
Cells: TypeAlias = NDArray[np.int64]


def resize(node: Node) -> Seen:
    """Resize, since operator set 10, and Upsample before it."""
    x = node.seen(0)
    old = node.opset < 11 or node.proto.op_type == "Upsample"
    mode = node.text("mode", "nearest")
    coordinates = "asymmetric" if old else node.text("coordinate_transformation_mode", "half_pixel")
    for axis, scale, length in _targets(node, x, old):
        side = x.shape[axis]
        check_cells(max(length, side))
        at = _coordinates(coordinates, scale, side, length)
        stretch = 1 / scale if node.number("antialias", 0) and scale < 1 else Fraction(1)
        if mode == "nearest":
            taken = _rounding(node, old, scale)(at)
            runs = _within(taken, taken, side)
        elif mode == "linear":
            runs = _within(*linear_taps(at, stretch), side)
        elif mode == "cubic":
            runs = _within(*cubic_taps(at, stretch, node.decimal("cubic_coeff_a", -0.75)), side)
        else:
            raise BadInput(f"its mode {mode!r} is not nearest, linear or cubic.")
        x = x.over_runs(axis, runs)
    return x


def _targets(node: Node, x: Seen, old: bool) -> list[tuple[int, Fraction, int]]:
    """Return (axis, scale, length) for each axis that is resized."""
    axes = [x.axis(axis) for axis in node.numbers("axes") or range(x.rank)]
    place = 1 if old else 2
    scales = node.attributes.get("scales")
    if scales is None:
        array = node.array(place)
        scales = [] if array is None else array.ravel().tolist()
    sides = [x.shape[axis] for axis in axes]
    if len(scales) == len(axes) and axes:
        if not all(math.isfinite(scale) and scale > 0 for scale in scales):
            raise BadInput(f"its scales {list(scales)} are not all positive.")
        factors = [Fraction(scale) for scale in scales]
        lengths = [math.floor(side * factor) for side, factor in zip(sides, factors, strict=True)]
    else:
        lengths = node.integers(3) or []
        if len(lengths) != len(axes) or min(lengths, default=1) < 1:
            raise BadInput(f"it has neither scales nor sizes for {len(axes)} axes.")
        factors = [Fraction(length, side) for length, side in zip(lengths, sides, strict=True)]
        policy = node.choice("keep_aspect_ratio_policy", "stretch", "not_larger", "not_smaller")
        if policy != "stretch":
            factor = min(factors) if policy == "not_larger" else max(factors)
            factors = [factor] * len(axes)
            lengths = [math.floor(factor * side + HALF) for side in sides]
    resized = zip(axes, factors, lengths, sides, strict=True)
    return [(axis, f, length) for axis, f, length, side in resized if f != 1 or length != side]


def _coordinates(mode: str, scale: Fraction, side: int, length: int) -> Line:
    """Return the place in the input that each output is taken from."""
    places: dict[str, Callable[[], tuple[Fraction, Fraction]]] = {  # slope and offset
        "half_pixel": lambda: (1 / scale, HALF / scale - HALF),
        "pytorch_half_pixel": lambda: (
            (1 / scale, HALF / scale - HALF) if length > 1 else (Fraction(0), Fraction(0))
        ),
        "align_corners": lambda: (
            Fraction(side - 1, length - 1) if length > 1 else Fraction(0),
            Fraction(0),
        ),
        "asymmetric": lambda: (1 / scale, Fraction(0)),
        "half_pixel_symmetric": lambda: (
            1 / scale,
            Fraction(side, 2) * (1 - length / (scale * side)) + HALF / scale - HALF,
        ),
        "tf_half_pixel_for_nn": lambda: (1 / scale, HALF / scale),
    }
    if mode not in places:
        raise BadInput(f"coordinate_transformation_mode {mode!r} cannot be followed.")
    slope, offset = places[mode]()
    return Line(slope, offset, length)


def _rounding(node: Node, old: bool, scale: Fraction) -> Callable[[Line], Cells]:
    if old:
        return Line.floors if scale >= 1 else Line.ceils
    mode = node.text("nearest_mode", "round_prefer_floor")
    found: dict[str, Callable[[Line], Cells]] = {
        "round_prefer_floor": lambda at: at.moved(-HALF).ceils(),
        "round_prefer_ceil": lambda at: at.moved(HALF).floors(),
        "floor": Line.floors,
        "ceil": Line.ceils,
    }
    if mode not in found:
        raise BadInput(f"its nearest_mode {mode!r} is not known.")
    return found[mode]


def _within(first: Cells, last: Cells, side: int) -> Runs:
    """Return the runs from first to last; beyond a border is the outermost cell again."""
    begin, end = np.clip(first, 0, side - 1), np.clip(last, 0, side - 1)
    return Runs(first=begin, count=end - begin + 1, cut=(begin != first) | (end != last))

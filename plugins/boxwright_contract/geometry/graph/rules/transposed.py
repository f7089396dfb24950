"""Transposed convolution: each input is spread over a window of outputs."""

import math

import numpy as np

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.limits import check_cells
from boxwright_contract.geometry.graph.node import Node
from boxwright_contract.geometry.graph.rules.channels import along_channels, over_channels
from boxwright_contract.geometry.graph.rules.windows import Window, windows_of
from boxwright_contract.geometry.graph.runs import Runs
from boxwright_contract.geometry.graph.tensor import Seen


def conv_transpose(node: Node) -> Seen:
    """ConvTranspose: each output sees the inputs whose window it lies in."""
    weights = node.seen(1)
    groups = node.number("group", 1)
    x = node.seen(0)
    sides = x.shape[2:]
    windows = windows_of(node, sides, node.numbers("kernel_shape") or list(weights.shape[2:]))
    extra = node.numbers("output_padding") or [0] * len(sides)
    wanted = node.numbers("output_shape")
    if len(extra) != len(sides) or (wanted and len(wanted) < len(sides)):
        raise BadInput(f"its output_padding or output_shape is not of {len(sides)} axes.")
    auto = node.text("auto_pad", "NOTSET")
    x = over_channels(x, groups, groups * weights.shape[1], node.index)
    for axis, window in enumerate(windows):
        asked = wanted[axis - len(sides)] if wanted else None
        if asked is None and auto in ("SAME_UPPER", "SAME_LOWER"):
            asked = sides[axis] * window.stride
        before, length = _placed(window, sides[axis], extra[axis], asked, auto)
        runs = _runs(window, before, length, sides[axis])
        x = x.over_runs(axis + 2, runs)
    own = weights.over_axes([0, *range(2, weights.rank)], node.index)
    made = weights.shape[1]
    own = own.reshaped((1, made)).expanded((groups, made)).reshaped((groups * made,))
    return along_channels(x, [own, node.given(2)])


def _placed(window: Window, side: int, extra: int, asked: int | None, auto: str) -> tuple[int, int]:
    """Return how much is cut off before the first output, and how many outputs there are."""
    spread = window.stride * (side - 1) + extra + window.extent
    if asked is None:
        before, length = window.before, spread - window.before - window.after
    else:
        cut = max(spread - asked, 0)
        before, length = cut // 2 if auto == "SAME_UPPER" else cut - cut // 2, asked
    if length < 1:
        raise BadInput(f"nothing is left of a side of {side}. Probe with larger sides.")
    check_cells(length)
    return before, length


def _runs(window: Window, before: int, length: int, side: int) -> Runs:
    """Return which inputs reach each output.

    Input i reaches output o through tap t where i * stride + t * dilation = o + before.
    """
    shared = math.gcd(window.stride, window.dilation)
    stride, dilation = window.stride // shared, window.dilation // shared
    reach = np.arange(length, dtype=np.int64) + before
    whole, rest = np.divmod(reach, shared)
    tap = whole * (pow(dilation, -1, stride) if stride > 1 else 0) % stride  # the first that fits
    taps = np.maximum(-((tap - window.kernel) // stride), 0) * (rest == 0)
    last = (whole - tap * dilation) // stride
    return Runs.of(last - (taps - 1) * dilation, taps, side, dilation)

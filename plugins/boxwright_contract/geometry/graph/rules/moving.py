"""Operators that move positions without mixing them: slices, pads, gathers, splits."""

from collections.abc import Callable

import numpy as np

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.join import concatenated
from boxwright_contract.geometry.graph.limits import check_cells
from boxwright_contract.geometry.graph.node import Node, as_seen
from boxwright_contract.geometry.graph.runs import Runs
from boxwright_contract.geometry.graph.tensor import Seen


def concat(node: Node) -> Seen:
    """Concat."""
    values = [value for value in node.inputs if value is not None]
    return concatenated(values, as_seen(values[0]).axis(node.number("axis", 1)))


def slice_(node: Node) -> Seen:
    """Slice, with steps of either sign."""
    x = node.seen(0)
    starts, ends = node.integers(1, "starts"), node.integers(2, "ends")
    if starts is None or ends is None:
        raise BadInput("its starts or ends are missing.")
    axes = node.integers(3, "axes") or list(range(len(starts)))
    steps = node.integers(4) or [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise BadInput(f"starts {starts}, ends {ends}, axes {axes}, steps {steps} do not fit.")
    for start, end, number, step in zip(starts, ends, axes, steps, strict=True):
        axis = x.axis(number)
        taken = range(*slice(start, _end(end, step, x.shape[axis]), step).indices(x.shape[axis]))
        x = picked(x, axis, np.arange(taken.start, taken.stop, taken.step, dtype=np.int64))
    return x


def _end(end: int, step: int, length: int) -> int | None:
    """Return an end as Python has it: far before the beginning is the beginning."""
    return None if step < 0 and end < -length else end


def picked(x: Seen, axis: int, positions: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Seen:
    """Return positions along an axis; a negative one is padding, which sees nothing."""
    if positions.max(initial=0) >= x.shape[axis]:
        raise BadInput(f"it takes position {positions.max()} of an axis of {x.shape[axis]}.")
    return x.over_runs(axis, Runs.picked(positions)).collapsed(axis)


def split(node: Node) -> list[Seen]:
    """Split, into given or equal parts."""
    x = node.seen(0)
    axis = x.axis(node.number("axis", 0))
    length, count = x.shape[axis], len(node.proto.output)
    sizes = node.integers(1, "split")
    if sizes is None:
        count = node.number("num_outputs", count)
        part = -(-length // count)
        sizes = [min(part, length - part * i) for i in range(count)]
    if sum(sizes) != length or min(sizes) < 0 or len(sizes) != len(node.proto.output):
        raise BadInput(f"an axis of {length} cannot be split into {sizes}.")
    begins = np.cumsum([0, *sizes])
    return [
        picked(x, axis, np.arange(begin, begin + size, dtype=np.int64))
        for begin, size in zip(begins[:-1], sizes, strict=True)
    ]


def gather(node: Node) -> Seen:
    """Gather by indices that are known, or from a table by indices that see the image."""
    x, indices = node.seen(0), node.seen(1)
    axis = x.axis(node.number("axis", 0))
    shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    if not x.terms:
        ones = (1,) * axis, (1,) * (x.rank - axis - 1)
        wide = indices.reshaped((*ones[0], *indices.shape, *ones[1]))
        return wide.expanded(shape)
    array = node.array(1)
    assert array is not None
    length = x.shape[axis]
    flat = array.ravel().astype(np.int64)
    flat = np.where(flat < 0, flat + length, flat)
    if flat.min(initial=0) < 0:
        raise BadInput(f"it takes a position before the first of an axis of {length}.")
    return picked(x, axis, flat).reshaped(shape)


def pad(node: Node) -> Seen:
    """Pad in each mode; a constant sees nothing, the others see where they come from.

    A constant that depends on the image is left unread, and so refused.
    """
    x = node.seen(0)
    pads = node.integers(1, "pads" if "pads" in node.attributes else "paddings")
    if pads is None:
        raise BadInput("its pads are missing.")
    axes = [x.axis(axis) for axis in node.integers(3) or range(x.rank)]
    mode = node.text("mode", "constant")
    if mode not in _SOURCES or len(pads) != 2 * len(axes):
        raise BadInput(f"its mode {mode!r} or its pads {pads} do not fit {len(axes)} axes.")
    for axis, before, after in zip(axes, pads, pads[len(axes) :], strict=False):
        length = x.shape[axis]
        check_cells(length + before + after)
        place = np.arange(-before, length + after, dtype=np.int64)
        source = _SOURCES[mode](place, length)
        outside = (place < 0) | (place >= length)
        gone = outside & (mode == "constant")
        runs = Runs(first=np.where(gone, 0, source), count=1 - gone.astype(np.int64), cut=outside)
        x = x.over_runs(axis, runs)
    return x


Places = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def _reflected(place: Places, length: int) -> Places:
    turn = max(2 * length - 2, 1)
    there = place % turn
    return np.minimum(there, turn - there) if length > 1 else np.zeros_like(place)


_SOURCES: dict[str, Callable[[Places, int], Places]] = {
    "constant": lambda place, length: np.clip(place, 0, length - 1),
    "edge": lambda place, length: np.clip(place, 0, length - 1),
    "reflect": _reflected,
    "wrap": lambda place, length: place % length,
}

"""From a tensor to the rows of cells that its field is read from."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.factors import Factor
from boxwright_contract.geometry.graph.periodic import Row
from boxwright_contract.geometry.graph.tensor import Seen
from boxwright_contract.geometry.graph.term import Term


def rows(tensor: Seen, sides: tuple[int, ...]) -> list[Row | None]:
    """Return what the cells along each axis of the image see, without gates and attention.

    Over channels, and whatever else is not a place, it is the hull.

    Args:
        tensor: What was found.
        sides: Of the image, in pixels.

    Returns:
        For each axis of the image; None where nothing is left without whole-image operations.

    Raises:
        BadInput: The cells of an axis of the image do not lie along one axis of the tensor.
    """
    numbers = range(len(sides))
    for number in numbers:
        tensor = _in_one(tensor, number)
    places = [_place(tensor, number) for number in numbers]
    found = [
        _row(_local(tensor, number), number, place, sides[number])
        for number, place in zip(numbers, places, strict=True)
    ]
    if len(found) == 2 and found[0] and found[1] and places[0] == places[1] is not None:
        return [*_unravelled(found[0], found[1])]
    return found


def whole_through(tensor: Seen) -> frozenset[int]:
    """Return the nodes through which its elements see the whole of an axis."""
    return frozenset().union(*(term.through for term in tensor.terms if any(term.whole)))


def _local(tensor: Seen, number: int) -> list[Term]:
    """Return the terms that tell places along an axis of the image."""
    local = [term.settled() for term in tensor.terms if not term.spans[number].whole]
    return [term for term in local if not term.spans[number].empty.all()]


def _along(tensor: Seen, number: int) -> list[int]:
    """Return the factors along which what is seen differs by place."""
    local = _local(tensor, number)
    return [
        at
        for at, factor in enumerate(tensor.factors)
        if factor.positional and any(term.spans[number].varies(at) for term in local)
    ]


def _in_one(tensor: Seen, number: int) -> Seen:
    """Join the factors of one axis that an axis of the image lies along."""
    along = _along(tensor, number)
    for axis, factors in enumerate(tensor.axes):
        own = tensor.factors_of(axis)
        if len(along) > 1 and set(along) <= set(own):
            begin, end = along[0] - own[0], along[-1] + 1 - own[0]
            size = int(np.prod([factor.size for factor in factors[begin:end]]))
            joined = (*factors[:begin], Factor(size, positional=True), *factors[end:])
            return tensor.with_factors((*tensor.axes[:axis], joined, *tensor.axes[axis + 1 :]))
    return tensor


def _place(tensor: Seen, number: int) -> int | None:
    along = _along(tensor, number)
    if len(along) > 1:
        raise BadInput(
            f"its cells lie along {len(along)} axes of {list(tensor.shape)}, as those of windows "
            "do, so that they are no feature map. Ask for the tensor before it."
        )
    return along[0] if along else None


def _row(terms: Sequence[Term], number: int, place: int | None, side: int) -> Row | None:
    if not terms:
        return None
    spans = [term.spans[number] for term in terms]
    around = tuple(at for at in range(spans[0].lo.ndim) if at != place)
    lo = [np.atleast_1d(span.lo.min(around)) for span in spans]
    hi = [np.atleast_1d(span.hi.max(around)) for span in spans]
    cut = [np.atleast_1d(span.cut.any(around)) for span in spans]
    return Row(
        lo=np.minimum.reduce(np.broadcast_arrays(*lo)),
        hi=np.maximum.reduce(np.broadcast_arrays(*hi)),
        cut=np.logical_or.reduce(np.broadcast_arrays(*cut)),
        fewest=min(span.fewest for span in spans),
        length_px=side,
    )


def _unravelled(y: Row, x: Row) -> tuple[Row, Row]:
    """Return the rows and columns of cells that lie in one line, row after row.

    Cells at the beginning or the end that see nothing, as a class token, are left out.
    """
    seen = np.flatnonzero((y.lo <= y.hi) & (x.lo <= x.hi))
    begin, end = seen[0], seen[-1] + 1
    both = np.stack([y.lo, y.hi])[:, begin:end]
    differs = np.flatnonzero((both != both[:, :1]).any(axis=0))
    columns = int(differs[0]) if differs.size else end - begin
    if (end - begin) % columns == 0:
        shape = (-1, columns)
        whole_y, whole_x = (
            np.stack([row.lo, row.hi])[:, begin:end].reshape(2, *shape) for row in (y, x)
        )
        if (whole_y == whole_y[:, :, :1]).all() and (whole_x == whole_x[:, :1]).all():
            line = slice(begin, end, columns), slice(begin, begin + columns)
            return _part(y, line[0]), _part(x, line[1])
    raise BadInput("its cells lie in one line, but not row after row, so they are no feature map.")


def _part(row: Row, cells: slice) -> Row:
    return replace(row, lo=row.lo[cells], hi=row.hi[cells], cut=row.cut[cells])

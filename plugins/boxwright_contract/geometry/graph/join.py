"""Tensors joined element by element, or one after the other."""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from itertools import chain

import numpy as np

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.factors import Axis, Factor, pieces, placed
from boxwright_contract.geometry.graph.limits import check_elements
from boxwright_contract.geometry.graph.node import Value, as_seen, shapes
from boxwright_contract.geometry.graph.span import NOTHING_HI, NOTHING_LO, Span
from boxwright_contract.geometry.graph.tensor import Seen
from boxwright_contract.geometry.graph.term import Term, merged


def joined(values: Sequence[Value]) -> Seen:
    """Return what an element-wise operator makes: each element sees what its operands see.

    Axes of length 1 are broadcast, so that a gate of shape (N, C, 1, 1) needs no case of its own.

    Raises:
        BadInput: The shapes do not broadcast.
    """
    try:
        shape = np.broadcast_shapes(*(value.shape for value in values))
    except ValueError as error:
        raise BadInput(f"its inputs {shapes(values)} do not go together.") from error
    tensors = [_of_rank(as_seen(value), len(shape)) for value in values]
    tensors = aligned(tensors, range(len(shape)))
    axes = tuple(_together([t.axes[axis] for t in tensors]) for axis in range(len(shape)))
    return Seen(axes, merged(chain.from_iterable(t.terms for t in tensors)))


def _of_rank(tensor: Seen, rank: int) -> Seen:
    missing = rank - tensor.rank
    return tensor.reshaped((1,) * missing + tensor.shape) if missing else tensor


def _together(axes: Sequence[Axis]) -> Axis:
    return tuple(
        Factor(max(each.size for each in place), any(each.positional for each in place))
        for place in zip(*axes, strict=True)
    )


def aligned(tensors: Sequence[Seen], axes: Sequence[int]) -> list[Seen]:
    """Return tensors of one rank with the same number of factors on each of `axes`."""
    common = {axis: _refined([t.axes[axis] for t in tensors]) for axis in axes}
    return [
        t.with_factors(
            tuple(
                placed([f for f in held if f.size > 1], [_sizes(held, common[axis])])[0]
                if axis in common
                else held
                for axis, held in enumerate(t.axes)
            )
        )
        for t in tensors
    ]


def _sizes(held: Axis, common: list[int]) -> list[int]:
    return common if any(factor.size > 1 for factor in held) else [1] * len(common)


def _refined(axes: Sequence[Axis]) -> list[int]:
    lists = [[factor.size for factor in axis if factor.size > 1] for axis in axes]
    long = [sizes for sizes in lists if sizes]
    return reduce(lambda a, b: list(chain.from_iterable(pieces(a, b))), long) if long else [1]


def concatenated(values: Sequence[Value], axis: int) -> Seen:
    """Return tensors one after the other along an axis.

    Raises:
        BadInput: They differ in rank, or along another axis.
    """
    tensors = [as_seen(value) for value in values]
    others = [(*t.shape[:axis], *t.shape[axis + 1 :]) for t in tensors]
    if len(set(others)) != 1:
        raise BadInput(f"its inputs {shapes(values)} cannot be put together along axis {axis}.")
    rest = [each for each in range(tensors[0].rank) if each != axis]
    tensors = [t.dense(axis) for t in aligned(tensors, rest)]
    lengths = [t.shape[axis] for t in tensors]
    along = Factor(sum(lengths), any(t.axes[axis][0].positional for t in tensors))
    at = tensors[0].factors_of(axis)[0]
    axes = tuple(
        (along,) if each == axis else _together([t.axes[each] for t in tensors])
        for each in range(tensors[0].rank)
    )
    return Seen(axes, merged(_rows(tensors, at, lengths))).collapsed(axis)


def _rows(tensors: Sequence[Seen], at: int, lengths: Sequence[int]) -> list[Term]:
    """Match the terms of the tensors by what they hold, and put those together."""
    queues = [list(t.terms) for t in tensors]
    rows: list[Term] = []
    while any(queues):
        whole = next(queue[0].whole for queue in queues if queue)
        row: list[Term | None] = []
        for queue in queues:
            match = next((term for term in queue if term.whole == whole), None)
            if match is not None:
                queue.remove(match)
            row.append(match)
        rows.append(_row(row, at, lengths))
    return rows


def _row(row: Sequence[Term | None], at: int, lengths: Sequence[int]) -> Term:
    there = [term for term in row if term is not None]
    spans: list[Span] = []
    for number in range(len(there[0].spans)):
        held = [None if term is None else term.spans[number] for term in row]
        first = there[0].spans[number]
        told = number > 0 or len(there) == len(row)  # the first span tells what is missing
        alike = all(not span.varies(at) and span.same(first) for span in held if span is not None)
        spans.append(first if told and alike else _strung(held, at, lengths))
    through = frozenset(chain.from_iterable(term.through for term in there))
    return Term(tuple(spans), through)


def _strung(held: Sequence[Span | None], at: int, lengths: Sequence[int]) -> Span:
    there = [span for span in held if span is not None]
    around = list(np.broadcast_shapes(*(_without(span.shape, at) for span in there)))
    shape = [*around[:at], sum(lengths), *around[at:]]
    check_elements(shape)
    lo = np.full(shape, NOTHING_LO)
    hi = np.full(shape, NOTHING_HI)
    cut = np.zeros(shape, np.bool_)
    begin = 0
    for span, size in zip(held, lengths, strict=True):
        if span is not None:
            place = (slice(None),) * at + (slice(begin, begin + size),)
            lo[place], hi[place], cut[place] = span.lo, span.hi, span.cut
        begin += size
    fewest = min(span.fewest for span in there)
    return replace(there[0], lo=lo, hi=hi, cut=cut, fewest=fewest)


def _without(shape: tuple[int, ...], at: int) -> tuple[int, ...]:
    return (*shape[:at], *shape[at + 1 :])

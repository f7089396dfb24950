"""A tensor that depends on the image: its shape in factors, and what its elements see."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.factors import (
    Axis,
    Factor,
    flat,
    length,
    pieces,
    placed,
    regrouped,
)
from boxwright_contract.geometry.graph.limits import check_cells
from boxwright_contract.geometry.graph.runs import Runs
from boxwright_contract.geometry.graph.term import Term, merged


@dataclass(frozen=True, eq=False)
class Seen:
    """What every element of a tensor sees: the hull of all terms."""

    axes: tuple[Axis, ...]
    terms: tuple[Term, ...]

    def __post_init__(self) -> None:
        """Refuse a tensor without elements."""
        if 0 in self.shape:
            raise BadInput(f"it has no elements: its shape is {list(self.shape)}. Probe larger.")

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the tensor."""
        return tuple(length(axis) for axis in self.axes)

    @property
    def rank(self) -> int:
        """How many axes it has."""
        return len(self.axes)

    @property
    def factors(self) -> Axis:
        """Of all axes in a row, as the arrays have them."""
        return flat(self.axes)

    def factors_of(self, axis: int) -> range:
        """Return the indices of the factors of an axis."""
        before = sum(len(each) for each in self.axes[:axis])
        return range(before, before + len(self.axes[axis]))

    def axis(self, number: int) -> int:
        """Return the index of an axis that may be counted from the end."""
        if not -self.rank <= number < self.rank:
            raise BadInput(f"there is no axis {number} in a tensor of rank {self.rank}.")
        return number % self.rank

    def each(self, change: Callable[[Term], Term]) -> "Seen":
        """Return the same with every term changed."""
        return replace(self, terms=merged(change(term) for term in self.terms))

    def with_factors(self, axes: tuple[Axis, ...]) -> "Seen":
        """Return the same with axes of the same lengths and other factors."""
        old = [factor.size for factor in self.factors]
        new = [factor.size for factor in flat(axes)]
        terms = (
            replace(term, spans=tuple(regrouped(span, old, new) for span in term.spans))
            for term in self.terms
        )
        return Seen(axes, merged(terms))

    def dense(self, axis: int) -> "Seen":
        """Return the same with one factor on `axis`."""
        factors = self.axes[axis]
        if len(factors) == 1:
            return self
        whole = Factor(length(factors), any(factor.positional for factor in factors))
        check_cells(whole.size)
        return self.with_factors((*self.axes[:axis], (whole,), *self.axes[axis + 1 :]))

    def reshaped(self, shape: Sequence[int]) -> "Seen":
        """Return the tensor in another shape of as many elements."""
        if math.prod(shape) != math.prod(self.shape):
            raise BadInput(
                f"{list(self.shape)} cannot be reshaped to {list(shape)}: "
                f"{math.prod(self.shape)} elements are not {math.prod(shape)}."
            )
        old = [factor for factor in self.factors if factor.size > 1]
        made = iter(pieces([f.size for f in old], [size for size in shape if size > 1]))
        sizes = [next(made) if size > 1 else [1] for size in shape]
        return self.with_factors(placed(old, sizes))

    def permuted(self, order: Sequence[int]) -> "Seen":
        """Return the tensor with its axes in another order."""
        if sorted(order) != list(range(self.rank)):
            raise BadInput(f"{list(order)} is no order of the axes of {list(self.shape)}.")
        places = [factor for axis in order for factor in self.factors_of(axis)]
        terms = (
            replace(
                term,
                spans=tuple(span.each(lambda a: a.transpose(places)) for span in term.spans),
            )
            for term in self.terms
        )
        return Seen(tuple(self.axes[axis] for axis in order), tuple(terms))

    def expanded(self, wanted: Sequence[int]) -> "Seen":
        """Return the tensor broadcast with a shape."""
        missing = len(wanted) - self.rank
        x = self.reshaped((1,) * missing + self.shape) if missing > 0 else self
        wanted = (*(1,) * -missing, *wanted)
        if any(1 not in pair and len(set(pair)) > 1 for pair in zip(x.shape, wanted, strict=True)):
            raise BadInput(f"{list(self.shape)} cannot be broadcast to {list(wanted)}.")
        axes = (
            (*axis[1:], Factor(size)) if length(axis) == 1 else axis
            for axis, size in zip(x.axes, wanted, strict=True)
        )
        return replace(x, axes=tuple(axes))

    def over_runs(self, axis: int, runs: Runs) -> "Seen":
        """Return the tensor whose positions along `axis` are made of runs of the old ones."""
        if runs.is_identity(self.shape[axis]):
            return self
        dense = self.dense(axis)
        factor = Factor(runs.length, dense.axes[axis][0].positional)
        at = dense.factors_of(axis)[0]
        axes = (*dense.axes[:axis], (factor,), *dense.axes[axis + 1 :])
        return Seen(axes, merged(term.over_runs(at, runs) for term in dense.terms))

    def collapsed(self, axis: int) -> "Seen":
        """Return the same with smaller arrays, if it makes no difference where along `axis`."""
        terms = self.terms
        for at in self.factors_of(axis):
            terms = tuple(
                replace(t, spans=tuple(span.collapsed(at) for span in t.spans)) for t in terms
            )
        return Seen(self.axes, merged(terms))

    def over_axes(self, axes: Sequence[int], node: int) -> "Seen":
        """Return the tensor in which all positions along `axes` are mixed; their size becomes 1."""
        mixed = [factor for axis in axes for factor in self.factors_of(axis)]
        positional = [factor.positional for factor in self.factors]
        terms = merged(term.over_factors(mixed, positional, node) for term in self.terms)
        left = tuple(
            tuple(Factor(1) for _ in factors) if axis in axes else factors
            for axis, factors in enumerate(self.axes)
        )
        return Seen(left, terms)

    def mixing(self, axes: Sequence[int], node: int) -> "Seen":
        """Return the tensor of the same shape in which every element sees all along `axes`.

        Where that is the whole of an axis of the image, its own part is kept beside it.
        """
        mixed = self.over_axes(axes, node)
        positional = [factor.positional for factor in self.factors]
        along = [factor for axis in axes for factor in self.factors_of(axis)]
        own = [
            term
            for term in self.terms
            if term.over_factors(along, positional, node).whole != term.whole
        ]
        return Seen(self.axes, merged([*own, *mixed.terms]))

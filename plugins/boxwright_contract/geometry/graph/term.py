"""What the elements of a tensor see of the image: a box for each, as one span for each axis.

An element sees nothing where any of its spans is empty. So a border of padding along y needs no
more than an array along y, and windows, which are boxes, keep it so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.geometry.graph.limits import check_elements
from boxwright_contract.geometry.graph.runs import Runs, over_runs
from boxwright_contract.geometry.graph.span import NOTHING_HI, NOTHING_LO, Span

MOST_TERMS = 6


@dataclass(frozen=True, eq=False)
class Term:
    """One box for each element."""

    spans: tuple[Span, ...]
    through: frozenset[int] = frozenset()
    """Indices of the nodes that mixed the whole of an axis."""

    @property
    def whole(self) -> tuple[bool, ...]:
        """For each axis of the image."""
        return tuple(span.whole for span in self.spans)

    def over_runs(self, factor: int, runs: Runs) -> "Term":
        """Return what new positions along `factor` see."""
        term = self.settled()
        spans = [over_runs(s, factor, runs) if s.varies(factor) else s for s in term.spans]
        empty = runs.count == 0
        if empty.any() and not any(span.varies(factor) for span in term.spans):
            shape = [1] * len(spans[0].shape)
            shape[factor] = runs.length
            spans[0] = spans[0].without(empty.reshape(shape))
        return replace(term, spans=tuple(spans))

    def over_factors(self, factors: Iterable[int], positional: Sequence[bool], node: int) -> "Term":
        """Return what the mix of all positions along `factors` sees; their size becomes 1."""
        factors = tuple(factors)
        if not any(span.varies(factor) for span in self.spans for factor in factors):
            return self
        term = self.settled()
        spans = tuple(_mixed(span, factors, positional) for span in term.spans)
        gated = any(new.whole > old.whole for new, old in zip(spans, term.spans, strict=True))
        return Term(spans, term.through | {node} if gated else term.through)

    def settled(self) -> "Term":
        """Return the same with emptiness told by every span, where spans vary together."""
        if len(self.spans) == 1 or all(span.full for span in self.spans):
            return self
        masks = [_narrow(span.empty) for span in self.spans]
        clash = any(
            _together(mask, span.lo) and not (mask <= other).all()
            for mask in masks
            for span, other in zip(self.spans, masks, strict=True)
            if mask is not other and mask.any()
        )
        return self.folded() if clash else self

    def folded(self) -> "Term":
        """Return the same with every span empty wherever any is."""
        if all(span.full for span in self.spans):
            return self
        masks = [_narrow(span.empty) for span in self.spans]
        check_elements(np.broadcast_shapes(*(mask.shape for mask in masks)))
        gone: NDArray[np.bool_] = np.logical_or.reduce(np.broadcast_arrays(*masks))
        return replace(self, spans=tuple(span.without(gone) for span in self.spans))


def _narrow(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask with size 1 along the axes that make no difference."""
    for axis, size in enumerate(mask.shape):
        if size > 1:
            first = mask.take([0], axis)
            mask = first if (mask == first).all() else mask
    return mask


def _together(one: NDArray[np.bool_], other: NDArray[np.int32]) -> bool:
    return any(a > 1 and b > 1 for a, b in zip(one.shape, other.shape, strict=True))


def merged(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Return as few terms for the same as can be had without larger arrays."""
    kept: list[Term] = []
    for term in terms:
        both = None
        for at, other in enumerate(kept):
            both = _merged(other, term)
            if both is not None:
                kept[at] = both
                break
        if both is None:
            kept.append(term)
    return tuple(kept) if len(kept) <= MOST_TERMS else _squeezed(kept)


def _squeezed(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Return one term for each kind of wholeness, in larger arrays."""
    kinds: dict[tuple[bool, ...], Term] = {}
    for term in terms:
        folded = term.folded()
        kinds[term.whole] = _hull(kinds[term.whole], folded) if term.whole in kinds else folded
    return tuple(kinds.values())


def _merged(one: Term, other: Term) -> Term | None:
    if one.whole != other.whole:
        return None
    for a, b in zip(one.spans, other.spans, strict=True):
        size = np.prod(np.broadcast_shapes(a.shape, b.shape), dtype=object)
        if size > a.lo.size + b.lo.size:
            return None
        if not (a.full and b.full) and not np.array_equal(_narrow(a.empty), _narrow(b.empty)):
            return None
    return _hull(one, other)


def _hull(one: Term, other: Term) -> Term:
    spans = (a.hull(b) for a, b in zip(one.spans, other.spans, strict=True))
    return Term(tuple(spans), one.through | other.through)


def _mixed(span: Span, factors: Sequence[int], positional: Sequence[bool]) -> Span:
    """Reduce over factors, and tell whether that mixed the whole of the image's axis.

    It did if positions lay further apart within what was mixed than what is left: all of them for
    a global pooling, a coarse grid of them for grid attention, but not those of a window. Most
    mixtures count, as a window may go around the border where an image was rolled.
    """
    varying = tuple(factor for factor in factors if span.varies(factor))
    if not varying:
        return span
    lo, hi = span.lo.min(varying, keepdims=True), span.hi.max(varying, keepdims=True)
    cut = np.logical_or.reduce(span.cut, axis=varying, keepdims=True)
    left = [f for f, size in enumerate(lo.shape) if size > 1 and positional[f]]
    whole = span.whole or (
        any(positional[factor] for factor in varying)
        and np.median(_spread(span.lo, span.hi, varying)) > _spread(lo, hi, left).max()
    )
    cells = int(np.prod([lo.shape[factor] for factor in left], dtype=np.int64))
    fewest = span.fewest if whole else min(span.fewest, cells)
    return Span(lo=lo, hi=hi, cut=cut, whole=whole, fewest=fewest)


def _spread(
    lo: NDArray[np.int32], hi: NDArray[np.int32], factors: Sequence[int]
) -> NDArray[np.int64]:
    """Return how far the middles of intervals lie apart along `factors`, doubled."""
    seen = lo <= hi
    middle = lo.astype(np.int64) + hi
    axes = tuple(factors)
    furthest = middle.max(axes, where=seen, initial=2 * int(NOTHING_HI))
    nearest = middle.min(axes, where=seen, initial=2 * int(NOTHING_LO))
    return np.atleast_1d(np.maximum(furthest - nearest, 0))

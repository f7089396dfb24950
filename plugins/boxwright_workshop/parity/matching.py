"""Two answers to the same image, detection by detection."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

BOX_PX = 1e-3
SCORE = 1e-5
DRIFT_PX = 0.1
"""Boxes closer than this show the same object: what differs between them is arithmetic."""


@dataclass(frozen=True)
class Tolerance:
    """How far two detections may be apart and still be the same."""

    box_px: float = BOX_PX
    score: float = SCORE


STRICT = Tolerance()


@dataclass(frozen=True)
class Answer:
    """The detections of one image, best first."""

    boxes: NDArray[np.float32]
    """(D, 4)."""
    scores: NDArray[np.float32]
    labels: NDArray[np.int64]
    comes_from: NDArray[np.int64] | None = None
    """Of each its proposal, (D,), or its level, y and x, (D, 3). None: it is not told."""

    def described(self, i: int) -> str:
        """Return detection `i` in words, with the digits that count."""
        corners = ", ".join(f"{corner:.4f}" for corner in self.boxes[i])
        return f"label {self.labels[i]}, score {self.scores[i]:.6f}, box ({corners})"


@dataclass(frozen=True)
class Match:
    """Which detections of two answers are the same within the tolerances, and which are not."""

    pairs: tuple[tuple[int, int], ...]
    """Indices into the first and into the second answer, in the order of the first."""
    only_first: tuple[int, ...]
    only_second: tuple[int, ...]
    worst_box_px: float
    worst_score: float

    @property
    def swapped(self) -> int:
        """How many neighbours come in another order; their scores are equal within tolerance."""
        seconds = [second for _, second in self.pairs]
        return sum(b < a for a, b in pairwise(seconds))


def match(first: Answer, second: Answer, tolerance: Tolerance = STRICT) -> Match:
    """Pair each detection of `first` with the nearest of `second` that is free.

    One that scores no more than the tolerance is as good as none, and needs no counterpart.
    """
    box_px, score = distances(first, second)
    cost = np.maximum(box_px / tolerance.box_px, score / tolerance.score)
    pairs = []
    for i in _told(first):
        j = int(cost[i].argmin()) if cost.shape[1] else -1
        if j >= 0 and cost[i, j] <= 1:
            pairs.append((i, j))
            cost[:, j] = np.inf
    firsts, seconds = {i for i, _ in pairs}, {j for _, j in pairs}
    return Match(
        pairs=tuple(pairs),
        only_first=tuple(i for i in _told(first) if i not in firsts),
        only_second=tuple(j for j in _told(second) if j not in seconds),
        worst_box_px=max((float(box_px[pair]) for pair in pairs), default=0.0),
        worst_score=max((float(score[pair]) for pair in pairs), default=0.0),
    )


def _told(answer: Answer) -> list[int]:
    """Return which detections of an answer score more than the tolerance."""
    told: list[int] = np.flatnonzero(answer.scores > SCORE).tolist()
    return told


def distances(first: Answer, second: Answer) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the largest differences of coordinates and of scores, each (D, D').

    Boxes with different labels are infinitely far apart.
    """
    box_px = np.abs(first.boxes[:, None] - second.boxes[None]).max(axis=2, initial=0)
    score = np.abs(first.scores[:, None] - second.scores[None])
    box_px[first.labels[:, None] != second.labels[None]] = np.inf
    return box_px, score

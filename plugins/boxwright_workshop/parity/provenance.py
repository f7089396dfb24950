"""Where the graph says that detections come from: is it possible, and does torch say the same?"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.parts import RegionLevel
from boxwright_workshop.parity.matching import STRICT, Answer, Tolerance, match
from boxwright_workshop.parity.odd_sizes import Group
from boxwright_workshop.parity.regions import Boxes

Pairs = list[tuple[int, int]]
"""Indices into one answer and into another."""


def stray(graph: Answer, alone: Group, levels: Sequence[RegionLevel]) -> str:
    """Return what is impossible about where an image's detections come from; empty if nothing is.

    Args:
        graph: Its answer.
        alone: The image, by itself.
        levels: Of the detector; with none, cells are not looked at.
    """
    if graph.comes_from is None:
        return ""
    if alone.proposals:
        return stray_proposals(graph.comes_from, len(alone.proposals[0]))
    _, height, width, _ = alone.canvas.shape
    return stray_cells(graph.comes_from, (height, width), levels) if levels else ""


def stray_proposals(named: NDArray[np.int64], number: int) -> str:
    """Return what is impossible about the proposals (D,) of detections; there are `number`."""
    if not len(named) or (named.min() >= 0 and named.max() < number):
        return ""
    return f"detections come from the proposals {named.min()} to {named.max()}, of {number}"


def stray_cells(
    cells: NDArray[np.int64], canvas: tuple[int, int], levels: Sequence[RegionLevel]
) -> str:
    """Return what is impossible about the cells (D, 3) of detections.

    Args:
        cells: Level, y, x.
        canvas: Height and width, in pixels.
        levels: Of the detector.
    """
    level, place = cells[:, 0], cells[:, 1:]
    if (level < 0).any() or (level >= len(levels)).any():
        return f"a detection comes from level {level.max()}, of {len(levels)}"
    grids = np.array([[-(-side // each.stride) for side in canvas] for each in levels])
    outside = ((place < 0) | (place >= grids[level])).any(axis=1)
    if not outside.any():
        return ""
    first = int(outside.argmax())
    return (
        f"a detection comes from cell {place[first].tolist()} of {levels[level[first]].name}, "
        f"which has {grids[level[first]].tolist()} cells"
    )


def misattributed(
    torch: Answer,
    graph: Answer,
    proposals: Boxes,
    others: Callable[[], Iterable[Answer]],
    tolerance: Tolerance = STRICT,
) -> tuple[Pairs, int]:
    """Return which matched detections come from other proposals than torch says.

    Args:
        torch: The reference.
        graph: What it is compared with.
        proposals: Of the image, (P, 4).
        others: What torch answers under other roundings.
        tolerance: Within which detections are the same.

    Returns:
        The pairs, and how many more torch tells as the graph does under another rounding.
    """
    _, odd = compared(torch, graph, proposals, tolerance)
    if not odd:
        return [], 0
    explained = {
        j for other in others() for _, j in compared(other, graph, proposals, tolerance)[0]
    }
    wrong = [pair for pair in odd if pair[1] not in explained]
    return wrong, len(odd) - len(wrong)


def compared(
    torch: Answer, graph: Answer, proposals: Boxes, tolerance: Tolerance
) -> tuple[Pairs, Pairs]:
    """Return the matched pairs that come from one proposal, and those from two.

    Of equal boxes any may be it.
    """
    if torch.comes_from is None or graph.comes_from is None:
        return [], []
    theirs, ours = proposals[torch.comes_from], proposals[graph.comes_from]
    one: Pairs = []
    two: Pairs = []
    for i, j in match(torch, graph, tolerance).pairs:
        (one if (theirs[i] == ours[j]).all() else two).append((i, j))
    return one, two

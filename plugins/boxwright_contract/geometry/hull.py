"""The hulls of many windows over the cells of a field."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from boxwright_contract.geometry.field import AxisField

Interval: TypeAlias = tuple[int, int]
NOTHING: Interval = (2**200, -(2**200))
"""The interval that hulls ignore: it begins after, and ends before, all others."""

Pick: TypeAlias = Callable[[int, int], int]


def union(spans: Iterable[Interval]) -> Interval:
    """Return the smallest interval that holds all `spans` but empty ones."""
    seen = [span for span in spans if span[0] <= span[1]]
    if not seen:
        return NOTHING
    return min(first for first, _ in seen), max(last for _, last in seen)


def hulls(field: AxisField, windows: Sequence[tuple[int, int]], step: int) -> list[Interval]:
    """Return, for each window, the hull of the fields of its cells.

    A window is its first cell and the number of its cells, which lie `step` apart. As cells a
    period apart see the same, only moved, a window longer than the period has its first inputs
    among its first `phases` cells, and its last among its last.
    """
    phases = field.phases
    most = min(max(count for _, count in windows), phases)
    seen = [_or_nothing(span) for span in zip(field.first_px, field.last_px, strict=True)]
    lowest = _doubled([first for first, _ in seen], field.period_px, step, most, min)
    highest = _doubled([last for _, last in seen], field.period_px, step, most, max)
    found = []
    for start, count in windows:
        if count < 1:
            found.append(NOTHING)
            continue
        few = min(count, phases)
        level = few.bit_length() - 1  # two runs of 2**level cells, overlapping, are the window
        rest = (few - (1 << level)) * step
        end = start + (count - few) * step
        first = min(_at(lowest[level], start, field), _at(lowest[level], start + rest, field))
        last = max(_at(highest[level], end, field), _at(highest[level], end + rest, field))
        found.append((first, last) if first <= last else NOTHING)
    return found


def _or_nothing(span: Interval) -> Interval:
    return span if span[0] <= span[1] else NOTHING


def _at(values: list[int], cell: int, field: AxisField) -> int:
    periods, phase = divmod(cell, field.phases)
    return values[phase] + periods * field.period_px


def _doubled(values: list[int], period: int, step: int, most: int, pick: Pick) -> list[list[int]]:
    """Row n picks among 2**n cells from each phase on, up to the largest power within `most`."""
    phases = len(values)
    rows = [values]
    for level in range(most.bit_length() - 1):
        row = rows[-1]
        periods, moved = divmod(step << level, phases)
        near, far = periods * period, (periods + 1) * period
        ahead = [value + near for value in row[moved:]] + [value + far for value in row[:moved]]
        rows.append(list(map(pick, row, ahead)))
    return rows

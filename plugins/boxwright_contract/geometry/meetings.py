"""Where the taps of windows meet cells along one axis, counted before any is written down."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.axis import Transposed, Window


@dataclass(frozen=True)
class Meetings:
    """Every (window, cell, tap) where cell = window * stride - padding + tap * dilation."""

    step: Window | Transposed
    """Of a transposed window, the windows are the input, and the cells the output."""
    windows: int
    """They count from 0."""
    cells: int
    """They count from 0."""
    runs: tuple[tuple[int, int, int], ...]
    """(tap, first window, number of windows): the windows in a row whose tap meets a cell."""

    @classmethod
    def of(
        cls, step: Window | Transposed, windows: int, cells: int, *, most_taps: int
    ) -> "Meetings":
        """Find the meetings, without writing them down.

        Raises:
            BadInput: More than `most_taps` taps could meet a cell.
        """
        stride, padding, dilation = step.stride, _padding(step), step.dilation
        first_tap = max(-(((windows - 1) * stride - padding) // dilation), 0)
        last_tap = min((cells - 1 + padding) // dilation, step.kernel - 1)
        if last_tap - first_tap >= most_taps:
            raise BadInput(
                f"the kernel has {last_tap - first_tap + 1:,} taps along one axis, and a matrix of "
                f"at most {most_taps:,} entries is written. Use a smaller kernel."
            )
        runs = []
        for tap in range(first_tap, last_tap + 1):
            ahead = padding - tap * dilation
            first = max(-(-ahead // stride), 0)
            last = min((cells - 1 + ahead) // stride, windows - 1)
            if first <= last:
                runs.append((tap, first, last - first + 1))
        return cls(step, windows, cells, tuple(runs))

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(times for _, _, times in self.runs)

    def indices(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return window, cell and tap of each, all (count,).

        Products that leave 64 bits wrap around, and come back with the sum.
        """
        taps, firsts, times = np.array(self.runs, dtype=np.int64).reshape(-1, 3).T
        tap = np.repeat(taps, times)
        begins = np.repeat(np.cumsum(times) - times, times)
        window = np.repeat(firsts, times) + np.arange(self.count, dtype=np.int64) - begins
        cell = window * self.step.stride - _padding(self.step) + tap * self.step.dilation
        return window, cell, tap


def _padding(step: Window | Transposed) -> int:
    return step.before if isinstance(step, Window) else step.padding

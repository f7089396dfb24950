"""The runs of one batch on the device, and how long they took."""

import time
from collections.abc import Callable
from concurrent.futures import Executor

from boxwright.device.model import Arrays


class DeviceRuns:
    """Does the runs of one batch when the device is free; others may have it between them."""

    def __init__(self, device: Executor | None, before_each: Callable[[], None]) -> None:
        """Run on `device`, or at once where None; what `before_each` raises ends the batch."""
        self._device = device
        self._before_each = before_each
        self.spent_ms = 0.0

    def __call__(self, run: Callable[[], Arrays]) -> Arrays:
        """Return what one run of a graph gives."""
        self._before_each()
        if self._device is None:
            return self._timed(run)
        return self._device.submit(self._timed, run).result()

    def _timed(self, run: Callable[[], Arrays]) -> Arrays:
        began = time.perf_counter()
        try:
            return run()
        finally:
            self.spent_ms += (time.perf_counter() - began) * 1e3

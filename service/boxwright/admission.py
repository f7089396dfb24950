"""How many requests are let in at once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from boxwright_contract.errors import Overloaded

SMOOTHING = 0.1
"""Weight of the newest request in the mean time that a request takes."""


class Admission:
    """Counts the requests inside and refuses the one too many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside = 0
        self._mean_s = 0.1

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Count one request in until the block ends.

        Raises:
            Overloaded: The limit is reached; the hint is the time that a request takes now.
        """
        if self._inside >= self._limit:
            retry_after_ms = max(1, round(self._mean_s * 1e3))
            raise Overloaded(
                f"{self._limit} requests are waiting or in work, which is all this server takes. "
                f"Try again in {retry_after_ms} ms, or raise BOXWRIGHT_MAX_REQUESTS "
                "(--max-requests), or start more servers.",
                retry_after_ms,
            )
        started = time.perf_counter()
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            self._mean_s += SMOOTHING * (time.perf_counter() - started - self._mean_s)

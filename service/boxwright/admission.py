"""How many requests are let in at once, and of which model."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from boxwright_contract.errors import Overloaded

SMOOTHING = 0.1
"""Weight of the newest request in the mean time that a request takes."""
OVER_FREE = 8
"""A model may have so many times as many requests inside as there are places left.

So one that is flooded leaves a ninth of the places to others that have requests inside.

Source:
    The dynamic threshold of Choudhury and Hahne (IEEE/ACM Transactions on Networking, 1998).
"""


class Admission:
    """Counts the requests inside and refuses the one too many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside: Counter[str] = Counter()
        self._total = 0
        self._mean_s = 0.1

    @property
    def inside(self) -> Mapping[str, int]:
        """How many requests of each model wait or are in work."""
        return self._inside

    @contextmanager
    def admit(self, model: str = "") -> Iterator[None]:
        """Count one request of a model in until the block ends.

        Raises:
            Overloaded: The limit is reached, or that model has its share of it; the hint is the
                time that a request takes now.
        """
        self.check_room(model)
        started = time.perf_counter()
        self._enter(model, 1)
        try:
            yield
        finally:
            self._enter(model, -1)
            self._mean_s += SMOOTHING * (time.perf_counter() - started - self._mean_s)

    def check_room(self, model: str = "") -> None:
        """Raise Overloaded if no request of a model, or of any without one, could be let in."""
        free = self._limit - self._total
        if free <= 0:
            raise self._refusal(f"{self._limit} requests are waiting or in work")
        others = self._total > self._inside[model]
        if others and self._inside[model] >= OVER_FREE * free:
            raise self._refusal(
                f"{self._inside[model]} requests of model '{model}' are waiting or in work, its "
                f"share of {self._limit}"
            )

    def _enter(self, model: str, change: int) -> None:
        self._total += change
        self._inside[model] += change
        if not self._inside[model]:
            del self._inside[model]

    def _refusal(self, inside: str) -> Overloaded:
        retry_after_ms = max(1, round(self._mean_s * 1e3))
        return Overloaded(
            f"{inside}, which is all this server takes. Try again in {retry_after_ms} ms, or raise "
            "BOXWRIGHT_MAX_REQUESTS (--max-requests), or start more servers.",
            retry_after_ms,
        )

"""How long a caller waits for an answer."""

import math
import time
from dataclasses import dataclass

from boxwright_contract.errors import DeadlinePassed


@dataclass(frozen=True)
class Deadline:
    """A moment after which nobody waits for the answer."""

    moment: float = math.inf
    """Of time.monotonic(), in seconds."""

    @classmethod
    def after(cls, seconds: float | None) -> "Deadline":
        """Return the deadline that many seconds from now; None: never."""
        return cls() if seconds is None else cls(time.monotonic() + seconds)

    def within(self, seconds: float) -> "Deadline":
        """Return this deadline, or the one that many seconds from now if that is earlier."""
        return Deadline(min(self.moment, time.monotonic() + seconds))

    @property
    def passed(self) -> bool:
        """Whether nobody waits any more."""
        return time.monotonic() >= self.moment

    def check(self, step: str) -> None:
        """Raise DeadlinePassed if it is too late to begin `step`."""
        if self.passed:
            raise DeadlinePassed(
                f"the deadline passed before {step}. Allow more time, or send fewer at once."
            )

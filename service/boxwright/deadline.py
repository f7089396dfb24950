"""How long a caller waits for an answer."""

import math
import time
from dataclasses import dataclass, replace

from boxwright_contract.errors import DeadlinePassed

AHEAD_S = 0.05
"""By how much the clock of a caller may be ahead: it began when it sent."""
AHEAD = 0.01
"""And by which part of its time, of which gRPC sends a few digits, rounded up."""


@dataclass(frozen=True)
class Deadline:
    """A moment after which nobody waits for the answer."""

    moment: float = math.inf
    """Of time.monotonic(), in seconds."""
    ahead_s: float = 0.0
    """By how much the caller's clock may be ahead."""

    @classmethod
    def after(cls, seconds: float | None) -> "Deadline":
        """Return the deadline that many seconds from now; None: never."""
        if seconds is None:
            return cls()
        ahead_s = min(AHEAD_S, seconds / 2) + AHEAD * seconds
        return cls(time.monotonic() + seconds, ahead_s)

    def within(self, seconds: float) -> "Deadline":
        """Return this deadline, or the one that many seconds from now if that is earlier."""
        return replace(self, moment=min(self.moment, time.monotonic() + seconds))

    @property
    def ends_calls(self) -> bool:
        """Whether a caller that gives up now does so because its time is over, and not at will."""
        return time.monotonic() >= self.moment - self.ahead_s

    @property
    def left_s(self) -> float:
        """Seconds that are left; negative once it has passed."""
        return self.moment - time.monotonic()

    @property
    def passed(self) -> bool:
        """Whether nobody waits any more."""
        return self.left_s <= 0

    def check(self, step: str) -> None:
        """Raise DeadlinePassed if it is too late to begin `step`."""
        if self.passed:
            raise too_late_for(step)


def too_late_for(step: str) -> DeadlinePassed:
    """Return the error of a request whose deadline passed before `step`."""
    return DeadlinePassed(
        f"the deadline passed before {step}. Allow more time, or send fewer at once."
    )

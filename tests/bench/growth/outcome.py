"""What came of a simulation."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from tests.bench.growth.scenario import End


@dataclass(frozen=True)
class Call:
    """A call that is over."""

    came_s: float
    ended_s: float
    end: End


@dataclass(frozen=True)
class Outcome:
    """What came of a simulation."""

    seconds: float
    came: int
    calls: Sequence[Call]
    attempts: int
    inside: int
    """Calls that were not over at the end."""
    utilisation: float
    """Share of the time in which the lanes were in work."""
    mean_in_servers: float
    """Images in all servers, on average, by the time that each was there."""

    def count(self, end: End) -> int:
        """Return how many calls ended so."""
        return sum(call.end is end for call in self.calls)

    def share(self, end: End) -> float:
        """Return the share of the calls that are over which ended so."""
        return self.count(end) / len(self.calls) if self.calls else nan

    @property
    def goodput_per_s(self) -> float:
        """Answers a second."""
        return self.count(End.ANSWERED) / self.seconds

    @property
    def attempts_per_call(self) -> float:
        """How often a call was tried."""
        return self.attempts / self.came if self.came else nan

    def latency_ms(self, percent: float) -> float:
        """Return the time under which that part of the answers came, all tries counted."""
        times = [call.ended_s - call.came_s for call in self.calls if call.end is End.ANSWERED]
        return float(np.percentile(times, percent)) * 1e3 if times else nan

    def between(self, begins_s: float, ends_s: float) -> "Outcome":
        """Return what became of the calls that came in a span. The servers' figures are nan."""
        calls = [call for call in self.calls if begins_s <= call.came_s < ends_s]
        return Outcome(ends_s - begins_s, len(calls), calls, 0, 0, nan, nan)

    def answers_each_second(self) -> list[int]:
        """Return how many answers came in the first second, in the second one and so on."""
        answers = [0] * int(self.seconds)
        for call in self.calls:
            if call.end is End.ANSWERED and call.ended_s < len(answers):
                answers[int(call.ended_s)] += 1
        return answers

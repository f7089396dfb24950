"""Who asks, waits, and asks again."""

from collections.abc import Generator
from dataclasses import dataclass
from random import Random

import simpy
from tests.bench.growth.balancer import Balancer
from tests.bench.growth.outcome import Call
from tests.bench.growth.scenario import Callers, End
from tests.bench.growth.simulated_server import Full, Server, Work

from boxwright.client.patience import GROWTH, SPREAD

Steps = Generator[simpy.Event, object, None]

PAUSE_S = 0.1
"""Before a lost call is made again, as the client's channel does."""
MOST_SAVED = 100.0
"""Repeats that a budget saves up."""


@dataclass
class Budget:
    """How many repeats are left to all callers together."""

    each: float
    """What a first attempt adds; infinite: there is no budget."""
    left: float = MOST_SAVED

    def earn(self) -> None:
        """Note a first attempt."""
        self.left = min(max(MOST_SAVED, self.each), self.left + self.each)

    def spend(self) -> bool:
        """Return whether there may be a repeat, and count it."""
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Crowd:
    """All callers; what became of their calls."""

    def __init__(self, env: simpy.Environment, kind: Callers, random: Random) -> None:
        self.came = 0
        self.attempts = 0
        self.calls: list[Call] = []
        self._env, self._kind, self._random = env, kind, random
        self._budget = Budget(kind.budget)

    def call(self, balancer: Balancer) -> Steps:
        """Make a call, and make it again where that is the custom."""
        self.came += 1
        self._budget.earn()
        came_s: float = self._env.now
        end, pause_s = yield from self._attempt(balancer, 0)
        for tried in range(1, self._kind.attempts):
            if end not in self._kind.again_after or not self._budget.spend():
                break
            yield self._env.timeout(pause_s)
            end, pause_s = yield from self._attempt(balancer, tried)
        self.calls.append(Call(came_s, self._env.now, end))

    def _attempt(
        self, balancer: Balancer, tried: int
    ) -> Generator[simpy.Event, object, tuple[End, float]]:
        """Return how an attempt ended, and how long to wait before the next."""
        self.attempts += 1
        server = balancer.choose()
        if server is None:
            return End.LOST, PAUSE_S
        try:
            work = server.take(self._kind.patience_s)
        except Full as full:
            told_s = full.after_s * GROWTH**tried * (1 + SPREAD * self._random.random())
            return End.REFUSED, told_s if self._kind.waits_as_told else 0.0
        balancer.began(server)
        end = yield from self._wait(server, work)
        balancer.ended(server)
        return end, PAUSE_S if end is End.LOST else 0.0

    def _wait(self, server: Server, work: Work) -> Generator[simpy.Event, object, End]:
        if self._kind.patience_s < float("inf"):
            yield work.done | self._env.timeout(self._kind.patience_s)
        else:
            yield work.done
        if work.done.triggered:
            return End(work.done.value)
        server.give_up(work)
        return End.LATE

"""A server as its callers see it: a door, a line, lanes. Its laws are those of the service."""

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from math import inf
from random import Random

import simpy
from tests.bench.growth.scenario import End, Servers

from boxwright.admission import SMOOTHING
from boxwright.foresight import Foresight
from boxwright_contract.errors import Overloaded

MODEL = "people"
"""All that it serves."""


@dataclass(frozen=True, eq=False)
class Work:
    """An image in a server."""

    came_s: float
    done: simpy.Event
    """Its value is an End."""


class Full(Exception):
    """The server has no place; come back later."""

    def __init__(self, after_s: float) -> None:
        super().__init__(f"full; ask again in {after_s:g} s")
        self.after_s = after_s


class Server:
    """Takes work, and does it on its lanes in the order in which it came."""

    def __init__(self, env: simpy.Environment, number: int, kind: Servers, random: Random) -> None:
        self.zone = number % kind.zones
        self.listed = True
        """Whether balancers send calls here."""
        self.busy_s = 0.0
        """Time of all its lanes in work."""
        self.inside_s = 0.0
        """Time of all images in it, of those that left."""
        self._env, self._kind, self._random = env, kind, random
        self._times = kind.slower_times if number < kind.slow else 1.0
        self._waiting: deque[Work] = deque()
        self._here: set[Work] = set()
        self._busy = 0
        self._mean_s = 0.1
        self._foresight = Foresight()
        self._alive = True

    @property
    def inside(self) -> int:
        """How many images wait or are in work."""
        return len(self._here)

    def take(self, patience_s: float = inf) -> Work:
        """Let one more in, whose caller waits so long. Raises Full."""
        if self.inside >= self._kind.most_inside and self._alive:
            raise Full(self._mean_s)
        if self._kind.foresees and self._alive:
            try:
                self._foresight.check(MODEL, {MODEL: self.inside}, patience_s)
            except Overloaded as hopeless:
                raise Full(hopeless.retry_after_ms / 1e3) from None
        work = Work(self._env.now, self._env.event())
        self._here.add(work)
        self._waiting.append(work)
        self._fill_lanes()
        return work

    def give_up(self, work: Work) -> None:
        """Note that nobody waits for it any more. What runs goes on."""
        if self._kind.drops_expired and work in self._waiting:
            self._waiting.remove(work)
            self._left(work)

    def vanish(self) -> None:
        """Do nothing any more; nobody knows yet."""
        self._alive = False

    def lose(self) -> None:
        """Tell all who wait that it is gone, and those who ask."""
        self.listed = False
        for work in self._here:
            if not work.done.triggered:
                work.done.succeed(End.LOST)
        self._here.clear()

    def _fill_lanes(self) -> None:
        while self._alive and self._waiting and self._busy < self._kind.lanes:
            work = self._waiting.popleft()
            self._env.process(self._run(work, self._service_s()))

    def _service_s(self) -> float:
        alone = self._busy == 0 and not self._waiting and self._kind.alone is not None
        service = self._kind.alone if alone and self._kind.alone else self._kind.service
        self._busy += 1
        service_s = service.draw(self._random) * self._times
        if not alone:
            self._foresight.spent(MODEL, "run", service_s / self._kind.lanes)
        return service_s

    def _run(self, work: Work, service_s: float) -> Generator[simpy.Event, object, None]:
        yield self._env.timeout(service_s)
        if not self._alive:
            return
        self._busy -= 1
        self.busy_s += service_s
        self._left(work)
        if not work.done.triggered:
            work.done.succeed(End.ANSWERED)
        self._fill_lanes()

    def _left(self, work: Work) -> None:
        self._here.discard(work)
        inside_s: float = self._env.now - work.came_s
        self.inside_s += inside_s
        self._mean_s += SMOOTHING * (inside_s - self._mean_s)

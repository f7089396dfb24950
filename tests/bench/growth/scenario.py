"""What a simulation is told: who asks, what answers, how calls are spread, and what goes wrong."""

from dataclasses import dataclass, field
from enum import Enum
from math import inf
from typing import Literal

from tests.bench.growth.service_time import ServiceTime

Policy = Literal["round robin", "least request", "two choices"]


class End(Enum):
    """How a call, or one attempt of it, ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """Every server that was asked was full."""
    LATE = "late"
    """No answer came while the caller waited."""
    LOST = "lost"
    """The server went with the call in it, or there was none."""


@dataclass(frozen=True)
class Burst:
    """A span in which more is asked."""

    begins_s: float
    ends_s: float
    times: float


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """Requests that come by chance (Poisson), some at once, more in bursts."""

    rate_per_s: float
    together: int = 1
    """How many come at the same moment, as a folder of photos does."""
    bursts: tuple[Burst, ...] = ()

    def rate_at(self, now_s: float) -> float:
        """Return the requests a second at a moment."""
        within = (burst.times for burst in self.bursts if burst.begins_s <= now_s < burst.ends_s)
        return self.rate_per_s * max(within, default=1.0)

    @property
    def highest_per_s(self) -> float:
        """The most that is asked, in a second of the worst burst."""
        return self.rate_per_s * max((burst.times for burst in self.bursts), default=1.0)


@dataclass(frozen=True)
class Loop:
    """Clients that each wait for their answer before they ask again."""

    clients: int


@dataclass(frozen=True, kw_only=True)
class Servers:
    """A number of servers of one kind, dealt out to the zones in turn."""

    count: int
    lanes: int
    service: ServiceTime
    """Of an image while the other lanes are busy."""
    alone: ServiceTime | None = None
    """Of an image that finds its server idle and has all its cores; None: as any other."""
    zones: int = 1
    most_inside: int = 64
    """Requests that wait or are in work; one more is refused."""
    drops_expired: bool = True
    """Whether an image that nobody waits for any more is left out."""
    foresees: bool = False
    """Whether who would be answered too late is refused, though there is a place."""
    slow: int = 0
    """How many of them are slow, as beside a noisy neighbour."""
    slower_times: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Callers:
    """How long callers wait, and when they ask again."""

    patience_s: float = inf
    """Of one attempt."""
    attempts: int = 1
    again_after: frozenset[End] = frozenset({End.REFUSED, End.LOST})
    waits_as_told: bool = True
    """Whether who is refused waits as long as the server says, and longer each time."""
    budget: float = inf
    """The most repeats for each first attempt, over all callers together."""


@dataclass(frozen=True)
class Balancing:
    """Who chooses the server of a call."""

    policy: Policy = "two choices"
    balancers: int = 1
    """Each knows only the calls that it gave out itself."""


@dataclass(frozen=True)
class ZoneLoss:
    """A zone goes at once, without a goodbye."""

    at_s: float
    zone: int
    noticed_after_s: float
    """Until then calls go there too; all that were there are then lost."""


@dataclass(frozen=True)
class Rollout:
    """Every server is replaced, so many at a time: drained, stopped, started, warmed up."""

    at_s: float
    at_once: int
    drain_delay_s: float
    """It takes calls so long after it was told to stop; balancers have seen it by then."""
    start_s: float


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One simulation. The same scenario gives the same outcome."""

    arrivals: Arrivals | Loop
    servers: Servers
    callers: Callers = field(default_factory=Callers)
    balancing: Balancing = field(default_factory=Balancing)
    loss: ZoneLoss | None = None
    rollout: Rollout | None = None
    seconds: float = 60.0
    seed: int = 1

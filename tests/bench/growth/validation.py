"""The simulation beside what was measured: does it foretell what it was not told?

It is told the times of a lone client, the spread of the times with all lanes busy, and the
capacity. It foretells the waiting at each rate, and what a second server brings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tests.bench.growth.measured import Measurements, OpenLoop, ServerMeasurement
from tests.bench.growth.outcome import Outcome
from tests.bench.growth.scenario import Arrivals, Balancing, Loop, Scenario, Servers
from tests.bench.growth.service_time import Measured
from tests.bench.growth.simulation import simulate

TIMES = 20
"""Simulations of each load, each as long as the measurement was."""
SECONDS = 300.0
CROWD = 4


@dataclass(frozen=True)
class Comparison:
    """A load, measured once and foretold many times."""

    measured: OpenLoop
    foretold: Sequence[Outcome]

    def range_ms(self, percent: float) -> tuple[float, float]:
        """Return the least and the most of a percentile among what was foretold."""
        found = [outcome.latency_ms(percent) for outcome in self.foretold]
        return min(found), max(found)


@dataclass(frozen=True)
class Scaling:
    """What a second server brings, measured and foretold, in times the first."""

    what: str
    one_per_s: float
    two_per_s: float
    foretold_times: float

    @property
    def measured_times(self) -> float:
        """Answers a second of two over those of one."""
        return self.two_per_s / self.one_per_s


def compare(found: ServerMeasurement) -> Iterator[Comparison]:
    """Foretell each load that was measured."""
    servers = Servers(count=1, lanes=found.lanes, service=found.busy, alone=found.alone)
    for load in found.open_loop:
        scenario = Scenario(
            arrivals=Arrivals(rate_per_s=load.asked_per_s), servers=servers, seconds=load.seconds
        )
        seeds = range(TIMES)
        yield Comparison(load, [simulate(replace(scenario, seed=seed)) for seed in seeds])


def scaling(found: Measurements) -> Iterator[Scaling]:
    """Foretell what a second server brings, wherever it was measured."""
    for server in found.planned:
        one, two = server.one_core_per_s, server.two_by_one_core_per_s
        yield _scaling(f"Boxwright, {server.runs_on}", one, two, CROWD)
    if found.ray is not None:
        yield _scaling("Ray Serve", *found.ray.per_s, found.ray.clients // 2)


def _scaling(what: str, one_per_s: float, two_per_s: float, clients: int) -> Scaling:
    foretold = [_saturated_per_s(count, one_per_s, clients * count) for count in (1, 2)]
    return Scaling(what, one_per_s, two_per_s, foretold[1] / foretold[0])


def _saturated_per_s(servers: int, each_per_s: float, clients: int) -> float:
    kind = Servers(count=servers, lanes=1, service=Measured((1 / each_per_s,)))
    scenario = Scenario(
        arrivals=Loop(clients),
        servers=kind,
        balancing=Balancing("round robin", clients),
        seconds=SECONDS,
    )
    return simulate(scenario).goodput_per_s

"""Fleets that are quick to simulate: a lane takes 20 to 40 ms for an image."""

from tests.bench.growth.measured import ServerMeasurement
from tests.bench.growth.scenario import Arrivals, Scenario, Servers
from tests.bench.growth.service_time import Measured

SERVICE = Measured(tuple(ms / 1e3 for ms in range(20, 41)))
LANES = 2
COUNT = 6
CAPACITY_PER_S = LANES / SERVICE.mean_s

SERVER = ServerMeasurement(
    model="people",
    runs_on="cpu float32",
    machine="",
    load_before=0.0,
    cores=LANES,
    lanes=LANES,
    photos=4,
    request_bytes=100_000,
    answer_bytes=100,
    start_s=1.0,
    alone_ms=(15.0,),
    busy_ms=tuple(1e3 * sample for sample in SERVICE.samples_s),
    capacity_per_s=CAPACITY_PER_S,
    core_ms=30.0,
    memory_mib=500.0,
    metric_series=300,
    open_loop=(),
    haste=(),
    one_core_per_s=30.0,
    two_by_one_core_per_s=60.0,
)


def busy(utilisation: float, seconds: float = 40.0) -> Scenario:
    """Return servers in three zones that are asked for so much."""
    return Scenario(
        arrivals=Arrivals(rate_per_s=utilisation * COUNT * CAPACITY_PER_S),
        servers=Servers(count=COUNT, lanes=LANES, service=SERVICE, zones=3),
        seconds=seconds,
    )

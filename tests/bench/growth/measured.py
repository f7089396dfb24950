"""What was measured of real servers, as `just growth --measure` wrote it."""

from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
from tests.bench.growth.service_time import Measured

FILE = Path(__file__).with_name("measured.json")
PLANNED = "people"
"""The model that the plan and the simulations are of: the one that ships."""


@dataclass(frozen=True, kw_only=True)
class OpenLoop:
    """What came of requests that were sent by chance, whether or not answers kept up."""

    asked_per_s: float
    seconds: float
    answered_per_s: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, kw_only=True)
class Haste:
    """What came of more images than a server does, each with a deadline."""

    patience_s: float
    times: float
    """How much was asked, in what it does."""
    answered_per_s: float


@dataclass(frozen=True, kw_only=True)
class ServerMeasurement:
    """One server on one machine, asked by clients that share its cores."""

    model: str
    runs_on: str
    """Provider and precision."""
    machine: str
    load_before: float
    """Processes that wanted a core before the measurement began; it should be near 0."""
    cores: int
    lanes: int
    photos: int
    request_bytes: int
    """Mean."""
    answer_bytes: int
    """Mean."""
    start_s: float
    """From the process's start to SERVING."""
    alone_ms: tuple[float, ...]
    """Quantiles of what a lone client waits."""
    busy_ms: tuple[float, ...]
    """Quantiles of what as many clients as there are lanes wait."""
    capacity_per_s: float
    """Answers a second to four times as many clients."""
    core_ms: float
    """Processor time of the server for an image, meanwhile."""
    memory_mib: float
    """Resident, after that."""
    metric_series: int
    open_loop: tuple[OpenLoop, ...]
    haste: tuple[Haste, ...]
    one_core_per_s: float
    """Answers a second of a server that has one core."""
    two_by_one_core_per_s: float
    """Answers a second of two servers that have one core each."""

    @property
    def busy(self) -> Measured:
        """The time of an image on a lane while all are busy: its spread, at the capacity."""
        return Measured(self.busy_ms).with_mean(self.lanes / self.capacity_per_s)

    @property
    def alone(self) -> Measured:
        """The time of an image that has all cores."""
        return Measured(tuple(ms / 1e3 for ms in self.alone_ms))


@dataclass(frozen=True, kw_only=True)
class TwoNodes:
    """A Ray cluster, each node on one core (`just bench-ray`)."""

    clients: int
    per_s: tuple[float, float]
    """Images a second with one node, and with two."""


@dataclass(frozen=True, kw_only=True)
class Measurements:
    """All that was measured."""

    servers: tuple[ServerMeasurement, ...] = ()
    envoy_core_ms: float | None = None
    """Processor time of Envoy for a request."""
    ray: TwoNodes | None = None

    @property
    def planned(self) -> tuple[ServerMeasurement, ...]:
        """Servers of the model that ships, the fastest last."""
        return tuple(server for server in self.servers if server.model == PLANNED)

    def with_server(self, new: ServerMeasurement) -> "Measurements":
        """Return these with `new` in the place of what it measured again."""
        same = {(new.model, new.runs_on)}
        others = (server for server in self.servers if {(server.model, server.runs_on)} != same)
        return replace(self, servers=tuple(sorted((*others, new), key=_order)))


def _order(server: ServerMeasurement) -> tuple[bool, str, float]:
    return server.model != PLANNED, server.model, server.capacity_per_s


def read(file: Path = FILE) -> Measurements:
    """Return what was measured so far."""
    if not file.exists():
        return Measurements()
    return msgspec.json.decode(file.read_bytes(), type=Measurements)


def write(found: Measurements, file: Path = FILE) -> None:
    """Put down what was measured."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")

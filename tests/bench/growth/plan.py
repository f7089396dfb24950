"""How many servers and machines a number of images a second takes, and what that costs."""

from dataclasses import dataclass
from math import ceil

MILLION = 1_000_000
HOUR_S = 3600
GIB_MIB = 1024
GBIT_BYTES = 1e9 / 8


@dataclass(frozen=True, kw_only=True)
class Replica:
    """One server, as it was measured."""

    cores: int
    images_per_s: float
    """The most that it answers."""
    memory_mib: float
    request_bytes: int
    answer_bytes: int
    metric_series: int

    @property
    def core_s(self) -> float:
        """Core-seconds of an image, all cores in work."""
        return self.cores / self.images_per_s


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What servers run on. Its defaults are assumptions."""

    cores: int = 32
    memory_gib: float = 128.0
    network_gbit_per_s: float = 25.0


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What must hold."""

    zones: int = 3
    """One of them may be lost, where there are more than one."""
    most_utilisation: float = 0.9
    """Of the servers that are left then: up to it the simulation keeps the promised time."""

    @property
    def left_share(self) -> float:
        """Share of the servers that are left when a zone is lost."""
        return (self.zones - 1) / self.zones if self.zones > 1 else 1.0

    @property
    def usual_utilisation(self) -> float:
        """Of all servers, while no zone is lost.

        Example:
            >>> round(Promise().usual_utilisation, 3)
            0.6
        """
        return self.most_utilisation * self.left_share


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a number of images a second takes."""

    images_per_s: float
    replicas: int
    machines: int
    utilisation: float
    """Of the replicas' cores, while no zone is lost."""
    cores: int
    memory_gib: float
    network_gbit_per_s: float
    """Into the servers; answers are small."""
    machine_network_gbit_per_s: float
    core_hours_per_million: float
    """Core-hours that a million images cost, idle ones counted."""
    metric_series: int

    def cost_per_million(self, core_hour: float) -> float:
        """Return what a million images cost, at a price of a core for an hour."""
        return self.core_hours_per_million * core_hour

    def cost_per_hour(self, core_hour: float) -> float:
        """Return what an hour costs."""
        return self.cores * core_hour


def plan(images_per_s: float, replica: Replica, machine: Machine, promise: Promise) -> Plan:
    """Return how many servers keep a promise, each zone with as many as the others.

    Example:
        >>> replica = Replica(cores=2, images_per_s=50, memory_mib=700, request_bytes=100_000,
        ...                   answer_bytes=100, metric_series=300)
        >>> plan(100, replica, Machine(), Promise()).replicas  # 100 / (50 * 0.9), by 2 zones of 3
        6
    """
    needed = ceil(images_per_s / (replica.images_per_s * promise.most_utilisation))
    zones_left = max(1, promise.zones - 1)
    replicas = ceil(needed / zones_left) * promise.zones
    per_zone = replicas // promise.zones
    on_a_machine = _replicas_on(machine, replica, promise.usual_utilisation)
    machines = ceil(per_zone / on_a_machine) * promise.zones
    inward = images_per_s * replica.request_bytes / GBIT_BYTES
    cores = replicas * replica.cores
    return Plan(
        images_per_s=images_per_s,
        replicas=replicas,
        machines=machines,
        utilisation=images_per_s / (replicas * replica.images_per_s),
        cores=cores,
        memory_gib=replicas * replica.memory_mib / GIB_MIB,
        network_gbit_per_s=inward,
        machine_network_gbit_per_s=inward / machines,
        core_hours_per_million=cores / images_per_s * MILLION / HOUR_S,
        metric_series=replicas * replica.metric_series,
    )


def _replicas_on(machine: Machine, replica: Replica, utilisation: float) -> int:
    """Return how many servers a machine holds: by cores, by memory, by network."""
    by_network_gbit = utilisation * replica.images_per_s * replica.request_bytes / GBIT_BYTES
    return max(
        1,
        min(
            machine.cores // replica.cores,
            int(machine.memory_gib * GIB_MIB // replica.memory_mib),
            int(machine.network_gbit_per_s // by_network_gbit),
        ),
    )

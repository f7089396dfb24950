"""What saturates around the servers: how many of each thing a plan needs."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.growth.plan import GBIT_BYTES, Plan, Replica


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is around the servers. These are assumptions; put in what you have measured."""

    envoy_core_requests_per_s: float = 2_000.0
    """Requests of this size that one core of Envoy passes on."""
    envoy_cores: int = 8
    """Of one Envoy."""
    balancer_network_gbit_per_s: float = 25.0
    """Of the machine of one Envoy; each request comes in and goes out."""
    open_files: int = 20_000
    """A server keeps 200 of them; the rest may be connections."""
    clients_per_image_per_s: float = 1.0
    """Clients that are connected, for each image a second."""
    prometheus_series: int = 2_000_000
    """That one Prometheus holds."""
    pods: int = 5_000
    """Of one cluster, by choice. Kubernetes is tested up to 5,000 nodes and 150,000 pods."""
    model_bytes: int = 9_400_000
    """Of the model that ships."""
    model_store_gbit_per_s: float = 10.0
    """What the storage of models gives to all who read at once."""
    rollout_s: float = 600.0
    """In which every server reads a new model."""


@dataclass(frozen=True)
class Thing:
    """Something that a plan needs some number of; over 1 it must be split or multiplied."""

    name: str
    needed: Callable[[Plan, Replica, Surroundings], float]


def _envoy_cores(plan: Plan, replica: Replica, has: Surroundings) -> float:
    return plan.images_per_s / (has.envoy_core_requests_per_s * has.envoy_cores)


def _envoy_network(plan: Plan, replica: Replica, has: Surroundings) -> float:
    return 2 * plan.network_gbit_per_s / has.balancer_network_gbit_per_s


def _connections(plan: Plan, replica: Replica, has: Surroundings) -> float:
    """Where every client holds a connection to every server."""
    return plan.images_per_s * has.clients_per_image_per_s / (has.open_files - 200)


def _metrics(plan: Plan, replica: Replica, has: Surroundings) -> float:
    return plan.metric_series / has.prometheus_series


def _pods(plan: Plan, replica: Replica, has: Surroundings) -> float:
    return plan.replicas / has.pods


def _model_store(plan: Plan, replica: Replica, has: Surroundings) -> float:
    read_gbit_per_s = plan.replicas * has.model_bytes / has.rollout_s / GBIT_BYTES
    return read_gbit_per_s / has.model_store_gbit_per_s


def _servers(plan: Plan, replica: Replica, has: Surroundings) -> float:
    return plan.images_per_s / replica.images_per_s


THINGS = (
    Thing("servers, by their cores", _servers),
    Thing("Envoys, by their cores", _envoy_cores),
    Thing("Envoys, by their network", _envoy_network),
    Thing("connections of a server, if each client holds one to each", _connections),
    Thing("Prometheus servers, by series", _metrics),
    Thing("clusters, by pods", _pods),
    Thing("model storage, every server reading in ten minutes", _model_store),
)

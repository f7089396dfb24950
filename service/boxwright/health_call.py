"""Asks a server for its health. Probes do so all the time, so nothing else is loaded for it."""

from collections.abc import Callable

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

SERVING = "SERVING"


def health_of(channel: grpc.Channel, service: str, timeout_s: float) -> str:
    """Return the status that a server tells of a service; "" is the whole server.

    Raises:
        grpc.RpcError: It does not answer within `timeout_s`, or knows no such service.
    """
    check: Callable[..., HealthCheckResponse] = HealthStub(channel).Check  # type: ignore[attr-defined]
    told = check(HealthCheckRequest(service=service), timeout=timeout_s).status
    return HealthCheckResponse.ServingStatus.Name(told)

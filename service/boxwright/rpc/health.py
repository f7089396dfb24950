"""grpc.health.v1.Health, with watches that end when the server drains.

grpcio's own servicer never ends a watch, which holds a drain up to its last second, and forgets
the other watches of a service when one of them goes.
"""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, TypeAlias

from grpc import aio
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthServicer

from boxwright_contract.errors import UnknownName

OVERALL = ""
"""The name under which the server as a whole is asked for."""

UNKNOWN = "unknown"
"""Stands for every service that there is not."""

Status: TypeAlias = int
"""A HealthCheckResponse.ServingStatus."""


class HealthService(HealthServicer):
    """Tells which services are SERVING; in this server all are, or none."""

    def __init__(self, *services: str) -> None:
        self._services = (OVERALL, *services)
        self._status: Status = HealthCheckResponse.NOT_SERVING
        self._watching = True
        self._changed = asyncio.Condition()

    @property
    def serving(self) -> bool:
        """Whether requests are taken."""
        return self._status == HealthCheckResponse.SERVING

    async def become(self, status: Status) -> None:
        """Tell whoever asks or watches that this is now the status of all services."""
        async with self._changed:
            self._status = status
            self._changed.notify_all()

    async def end_watches(self) -> None:
        """End every watch, now and from now on."""
        async with self._changed:
            self._watching = False
            self._changed.notify_all()

    async def Check(
        self, request: HealthCheckRequest, context: aio.ServicerContext[Any, Any]
    ) -> HealthCheckResponse:
        """Tell a service's status. Errors: UnknownName."""
        if request.service not in self._services:
            raise UnknownName.among("service", request.service, self._services)
        return HealthCheckResponse(status=self._status)

    async def Watch(
        self, request: HealthCheckRequest, context: aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[HealthCheckResponse]:
        """Tell a service's status, and each change of it until the watches end."""
        service = request.service if request.service in self._services else UNKNOWN
        del request  # as large as its caller likes, and a watch may stay for ever
        told: Status | None = None
        while True:
            async with self._changed:
                await self._changed.wait_for(partial(self._has_news, service, told))
            now = self._status_of(service)
            if now == told:
                return
            told = now
            yield HealthCheckResponse(status=now)

    def _has_news(self, service: str, told: Status | None) -> bool:
        return not self._watching or self._status_of(service) != told

    def _status_of(self, service: str) -> Status:
        return self._status if service in self._services else HealthCheckResponse.SERVICE_UNKNOWN

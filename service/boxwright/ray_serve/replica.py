"""A replica: a server without a port, asked by Ray Serve."""

import contextlib
import logging
import os
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from grpc_health.v1.health_pb2 import HealthCheckResponse

from boxwright.core import Front, log_contents, opened
from boxwright.ray_serve.context import ServeContext
from boxwright.ray_serve.dispatch import Dispatch
from boxwright.ray_serve.methods import METHODS, path
from boxwright.ray_serve.told import metrics_beside_others, replica_settings
from boxwright.rpc.health import HealthService
from boxwright.services import SERVICES
from boxwright.stopping import Stop
from boxwright.telemetry.logs import set_up_logging
from boxwright.telemetry.trace_export import set_up_tracing

log = logging.getLogger(__name__)


class Replica:
    """Serve makes one, asks it, looks after its health and ends it.

    Beside what is here it has a method for each of `METHODS`.
    """

    async def __init__(self) -> None:  # type: ignore[misc]  # Serve awaits it
        from ray import get_runtime_context

        began = time.perf_counter()
        self._status = HealthService(*SERVICES)
        self._until_closed = contextlib.AsyncExitStack()  # Serve calls __del__ after a failure too
        cores = get_runtime_context().get_assigned_resources().get("CPU", 0)
        settings = replica_settings(os.environ, cores)
        set_up_logging(settings, sys.__stderr__)  # Serve's own keeps lines back by the thousand
        set_up_tracing()
        front = Front.of(settings)
        async with contextlib.AsyncExitStack() as until_closed:
            until_closed.enter_context(metrics_beside_others(front.metrics, settings))
            core = await until_closed.enter_async_context(
                opened(front, self._status, settings, Stop())
            )
            self._calls = Dispatch(core.services, front.interceptors)
            await self._status.become(HealthCheckResponse.SERVING)
            self._until_closed = until_closed.pop_all()
        log_contents(core)
        log.info("a replica of %g cores, after %.2f s", cores, time.perf_counter() - began)

    def check_health(self) -> None:
        """Tell Serve that this replica answers. Raises RuntimeError where it does not."""
        if not self._status.serving:
            raise RuntimeError("the replica is not SERVING")

    async def __del__(self) -> None:
        """End what runs. Serve calls this when no call is inside any more."""
        await self._status.become(HealthCheckResponse.NOT_SERVING)
        await self._until_closed.aclose()

    async def answer(self, path: str, request: bytes, call: ServeContext) -> Message:
        """Return the answer to a call of one request."""
        return await self._calls.one(path, request, call)

    def answers(
        self, path: str, requests: AsyncIterator[bytes], call: ServeContext
    ) -> AsyncIterator[Message]:
        """Return the answers to a stream of requests."""
        return self._calls.many(path, requests, call)


def _of_one(its_path: str) -> Any:  # noqa: ANN401  A method.
    async def call(self: Replica, request: bytes, grpc_context: ServeContext) -> Message:
        return await self.answer(its_path, request, grpc_context)

    return call


def _of_many(its_path: str) -> Any:  # noqa: ANN401  A method.
    async def call(
        self: Replica, requests: AsyncIterator[bytes], grpc_context: ServeContext
    ) -> AsyncIterator[Message]:
        async for answer in self.answers(its_path, requests, grpc_context):
            yield answer

    return call


def _add(method: MethodDescriptor) -> None:
    make = _of_many if method.server_streaming else _of_one
    its = make(path(method))
    its.__name__ = method.name
    setattr(Replica, method.name, its)


for _method in METHODS:
    _add(_method)

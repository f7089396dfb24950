"""Builds and runs the gRPC server: start, SERVING, drain, end."""

import asyncio
import concurrent.futures
import contextlib
import logging
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

from grpc import aio
from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckResponse

from boxwright.core import Front, log_contents, opened
from boxwright.ports import Address, health_port, listen
from boxwright.rpc.health import HealthService
from boxwright.rpc.open_streams import OpenStreams
from boxwright.rpc.reflection import ReflectionService
from boxwright.services import SERVICES, add_services
from boxwright.settings import Settings
from boxwright.starting import StoppedEarly
from boxwright.stopping import Stop
from boxwright.telemetry.metrics_port import metrics_port
from boxwright.transport import open_many_files, server_options

log = logging.getLogger(__name__)


async def serve(settings: Settings, on_serving: Callable[[Address], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then drain and return; a second one ends the drain.

    Raises:
        BadSettings: A setting cannot work here: the port is taken, or no model can be served.
        MissingInstall: ONNX Runtime is not installed.
    """
    open_many_files()
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.tell)
    try:
        async with _running(settings, stop) as address:
            if on_serving is not None:
                on_serving(address)
            await stop.asked.wait()
    except StoppedEarly:
        log.info("stopped before it served")


@contextmanager
def serve_in_background(settings: Settings) -> Iterator[Address]:
    """Serve on a thread of this process until the block ends, then drain. Yields the address.

    Raises:
        BadSettings: A setting cannot work here: the port is taken, or no model can be served.
        MissingInstall: ONNX Runtime is not installed.
    """
    started: concurrent.futures.Future[tuple[Address, Callable[[], object]]]
    started = concurrent.futures.Future()

    async def run() -> None:
        stop = Stop()
        loop = asyncio.get_running_loop()
        try:
            async with _running(settings, stop) as address:
                started.set_result((address, lambda: loop.call_soon_threadsafe(stop.tell)))
                await stop.asked.wait()
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="boxwright-server")
    thread.start()
    try:
        yield started.result()[0]
    finally:
        started.add_done_callback(_end)  # at once, or as soon as it has started
        thread.join()


def _end(started: "concurrent.futures.Future[tuple[Address, Callable[[], object]]]") -> None:
    if started.exception() is None:
        started.result()[1]()


@asynccontextmanager
async def _running(settings: Settings, stop: Stop) -> AsyncIterator[Address]:
    """Start a server, and drain it when the block ends."""
    began = time.perf_counter()
    front = Front.of(settings)
    server = aio.server(
        interceptors=front.interceptors,
        options=server_options(settings.max_message_bytes, settings.connection_age_s),
    )
    address = listen(server, settings, front.metrics)
    async with contextlib.AsyncExitStack() as until_stopped:
        until_stopped.push_async_callback(_free_port, server)
        until_stopped.enter_context(metrics_port(front.metrics, settings))
        status = HealthService(*SERVICES)
        await until_stopped.enter_async_context(health_port(status, settings))
        core = await until_stopped.enter_async_context(opened(front, status, settings, stop))
        reflection = ReflectionService((*SERVICES, health.SERVICE_NAME), settings)
        add_services(server, core.services, reflection)
        await server.start()
        await status.become(HealthCheckResponse.SERVING)
        log_contents(core)
        log.info("SERVING on %s after %.2f s", address, time.perf_counter() - began)
        try:
            yield address
        finally:
            await _drain(server, status, (core.streams, reflection), settings, stop)
    log.info("stopped")


async def _free_port(server: aio.Server) -> None:
    """Stop a server that may not have started: gRPC keeps the port of one that never did."""
    with contextlib.suppress(aio.UsageError):  # it has
        await server.start()
    await server.stop(None)


async def _drain(
    server: aio.Server,
    status: HealthService,
    streams: Sequence[OpenStreams | ReflectionService],
    settings: Settings,
    stop: Stop,
) -> None:
    log.info("draining: NOT_SERVING, at most %g s for calls in flight", settings.drain_grace_s)
    await status.become(HealthCheckResponse.NOT_SERVING)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.at_once.wait(), settings.drain_delay_s)
    await status.end_watches()
    for each in streams:
        each.end()
    drained = asyncio.create_task(server.stop(settings.drain_grace_s))
    told = asyncio.create_task(stop.at_once.wait())
    await asyncio.wait([drained, told], return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not drained.done():
        log.warning("told to stop again: calls in flight are cut off")
        await server.stop(None)
    await drained

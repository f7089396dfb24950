"""Builds and runs the gRPC server: start, SERVING, drain, end."""

import asyncio
import concurrent.futures
import contextlib
import logging
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from grpc import aio
from grpc_health.v1.health_pb2 import HealthCheckResponse

from boxwright.admission import Admission
from boxwright.device.runtime import Runtime
from boxwright.pipeline import Pipeline
from boxwright.ports import Address, health_port, listen
from boxwright.rpc.calls import Calls
from boxwright.rpc.edge import Edge
from boxwright.rpc.geometry import GeometryService
from boxwright.rpc.guard import guard
from boxwright.rpc.health import HealthService
from boxwright.rpc.open_streams import OpenStreams
from boxwright.rpc.requests import Requests
from boxwright.rpc.room import room
from boxwright.services import SERVICES, add_services
from boxwright.settings import Settings
from boxwright.shelf.repository import Repository
from boxwright.shelf.watch import following
from boxwright.starting import StoppedEarly, loaded
from boxwright.stopping import Stop
from boxwright.telemetry.metrics import Metrics
from boxwright.telemetry.metrics_port import metrics_port
from boxwright.transport import open_many_files, server_options
from boxwright_contract.catalog import Catalog
from boxwright_contract.trust import Trust

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
    requests = Requests(max_bytes=settings.max_message_bytes, patience_s=settings.timeout_s)
    metrics, admission = Metrics(), Admission(settings.max_requests)
    checks = [] if settings.tokens is None else [guard(settings.tokens)]
    checks.append(room(admission, metrics))
    server = aio.server(
        interceptors=[Calls(metrics), Edge(requests, checks)],
        options=server_options(settings.max_message_bytes),
    )
    address = listen(server, settings)
    async with contextlib.AsyncExitStack() as until_stopped:
        until_stopped.enter_context(metrics_port(metrics, settings))
        status = HealthService(*SERVICES)
        await until_stopped.enter_async_context(health_port(status, settings))
        runtime = Runtime.open(
            settings.device, settings.threads, settings.lanes, settings.precision
        )
        models = await loaded(runtime, settings, stop.asked)
        metrics.show(lambda: models.now)
        plugins = Catalog.installed(Trust.told(settings.plugins_allow))
        pipeline = Pipeline(models, plugins, metrics, admission, settings, runtime.sessions.lanes)
        until_stopped.callback(pipeline.close)
        geometry = GeometryService(plugins, models, settings.max_requests)
        until_stopped.callback(geometry.close)
        streams = OpenStreams(settings)
        add_services(
            server,
            status,
            pipeline=pipeline,
            streams=streams,
            geometry=geometry,
            models=models,
            plugins=plugins,
            settings=settings,
        )
        await until_stopped.enter_async_context(following(models, settings.watch_s))
        await server.start()
        await status.become(HealthCheckResponse.SERVING)
        _log_contents(models.now, plugins)
        log.info("SERVING on %s after %.2f s", address, time.perf_counter() - began)
        try:
            yield address
        finally:
            await _drain(server, status, streams, settings, stop)
    log.info("stopped")


async def _drain(
    server: aio.Server,
    status: HealthService,
    streams: OpenStreams,
    settings: Settings,
    stop: Stop,
) -> None:
    log.info("draining: NOT_SERVING, at most %g s for calls in flight", settings.drain_grace_s)
    await status.become(HealthCheckResponse.NOT_SERVING)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.at_once.wait(), settings.drain_delay_s)
    await status.end_watches()
    streams.end()
    drained = asyncio.create_task(server.stop(settings.drain_grace_s))
    told = asyncio.create_task(stop.at_once.wait())
    await asyncio.wait([drained, told], return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not drained.done():
        log.warning("told to stop again: calls in flight are cut off")
        await server.stop(None)
    await drained


def _log_contents(models: Repository, plugins: Catalog) -> None:
    for broken in plugins.problems:
        owner = broken.distribution
        log.warning("plugin not used: %s of %s: %s", broken.entry_point, owner, broken.reason)
    for rude in plugins.warnings:
        log.warning("plugin %s of %s: %s", rude.entry_point, rude.distribution, rude.reason)
    for model in models.models:
        log.info("model %s (%s) on %s", model.bundle, model.bundle.architecture, model.told)
        rule = model.bundle.card.proposals
        if rule is not None and rule.source not in plugins.proposals:
            log.warning(
                "model %s: its proposal source '%s' is not installed, so every request must bring "
                "proposals. Install its plugin.",
                model.bundle,
                rule.source,
            )

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
from dataclasses import dataclass

from grpc import aio
from grpc_health.v1 import health, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_reflection.v1alpha import reflection

from boxwright.pipeline import Pipeline
from boxwright.repository import Repository
from boxwright.rpc.catalog import CatalogService
from boxwright.rpc.detection import DetectionService
from boxwright.rpc.edge import Edge
from boxwright.rpc.geometry import GeometryService
from boxwright.rpc.health import HealthService
from boxwright.runtime import Runtime
from boxwright.settings import Settings
from boxwright.v1 import (
    catalog_pb2,
    catalog_pb2_grpc,
    detection_pb2,
    detection_pb2_grpc,
    geometry_pb2,
    geometry_pb2_grpc,
)
from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadSettings
from boxwright_contract.trust import Trust

log = logging.getLogger(__name__)

SERVICES = (
    detection_pb2.DESCRIPTOR.services_by_name["DetectionService"].full_name,
    catalog_pb2.DESCRIPTOR.services_by_name["CatalogService"].full_name,
    geometry_pb2.DESCRIPTOR.services_by_name["GeometryService"].full_name,
)

ROOM_OVER_LIMIT = 4
"""gRPC itself cuts off messages that are this many times over our limit, with a bare message."""


@dataclass(frozen=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return it as gRPC channels take it."""
        bare_ipv6 = ":" in self.host and not self.host.startswith("[")
        return f"[{self.host}]:{self.port}" if bare_ipv6 else f"{self.host}:{self.port}"


async def serve(settings: Settings, on_serving: Callable[[Address], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then drain and return.

    Raises:
        BadSettings: A setting cannot work here: the port is taken, or no model can be served.
        MissingInstall: ONNX Runtime is not installed.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _running(settings) as address:
        if on_serving is not None:
            on_serving(address)
        await stop.wait()


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
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        try:
            async with _running(settings) as address:
                started.set_result((address, lambda: loop.call_soon_threadsafe(stop.set)))
                await stop.wait()
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
async def _running(settings: Settings) -> AsyncIterator[Address]:
    """Start a server, and drain it when the block ends."""
    began = time.perf_counter()
    server = aio.server(interceptors=[Edge(settings.max_message_bytes)], options=_options(settings))
    address = _listen(server, settings)
    runtime = Runtime.open(settings.device, settings.threads)
    models = Repository.load(settings.models, runtime.load)
    plugins = Catalog.installed(Trust.told(settings.plugins_allow))
    with (
        contextlib.closing(Pipeline(models, plugins, settings)) as pipeline,
        contextlib.closing(GeometryService(plugins, models, settings.max_requests)) as geometry,
    ):
        detection_pb2_grpc.add_DetectionServiceServicer_to_server(
            DetectionService(pipeline), server
        )
        catalog_pb2_grpc.add_CatalogServiceServicer_to_server(
            CatalogService(plugins, models, settings), server
        )
        geometry_pb2_grpc.add_GeometryServiceServicer_to_server(geometry, server)
        status = HealthService(*SERVICES)
        health_pb2_grpc.add_HealthServicer_to_server(status, server)
        reflection.enable_server_reflection(
            (*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME), server
        )
        await server.start()
        await status.become(HealthCheckResponse.SERVING)
        _log_contents(models, plugins)
        log.info("SERVING on %s after %.2f s", address, time.perf_counter() - began)
        try:
            yield address
        finally:
            await _drain(server, status, settings)
    log.info("stopped")


async def _drain(server: aio.Server, status: HealthService, settings: Settings) -> None:
    log.info("draining: NOT_SERVING, at most %g s for calls in flight", settings.drain_grace_s)
    await status.become(HealthCheckResponse.NOT_SERVING)
    await asyncio.sleep(settings.drain_delay_s)
    await status.end_watches()
    await server.stop(settings.drain_grace_s)


def _log_contents(models: Repository, plugins: Catalog) -> None:
    for bad in models.unserved:
        log.warning("not served: %s/%s: %s", bad.name, bad.version, bad.problem)
    for broken in plugins.problems:
        owner = broken.distribution
        log.warning("plugin not used: %s of %s: %s", broken.entry_point, owner, broken.reason)
    for rude in plugins.warnings:
        log.warning("plugin %s of %s: %s", rude.entry_point, rude.distribution, rude.reason)
    for model in models.models:
        log.info("model %s (%s) on %s", model.bundle, model.bundle.architecture, model.provider)
        rule = model.bundle.card.proposals
        if rule is not None and rule.source not in plugins.proposals:
            log.warning(
                "model %s: its proposal source '%s' is not installed, so every request must bring "
                "proposals. Install its plugin.",
                model.bundle,
                rule.source,
            )


def _listen(server: aio.Server, settings: Settings) -> Address:
    wanted = Address(settings.host, settings.port)
    try:
        port = server.add_insecure_port(str(wanted))
    except RuntimeError as error:
        raise BadSettings(
            f"cannot listen on {wanted}; another program may have the port. Choose another with "
            "BOXWRIGHT_PORT (--port), 0 for any free one, or check BOXWRIGHT_HOST (--host)."
        ) from error
    return Address(settings.host, port)


def _options(settings: Settings) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", settings.max_message_bytes * ROOM_OVER_LIMIT),
        ("grpc.so_reuseport", 0),  # or two servers would share a port without a word
    ]

"""All that a server is, but for where calls come in: a port of gRPC's, or a replica of Ray's."""

import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from grpc import aio

from boxwright.admission import Admission
from boxwright.device.runtime import Runtime
from boxwright.pipeline import Pipeline
from boxwright.rpc.calls import Calls
from boxwright.rpc.edge import Edge
from boxwright.rpc.geometry import GeometryService
from boxwright.rpc.guard import guard
from boxwright.rpc.health import HealthService
from boxwright.rpc.once import Once
from boxwright.rpc.open_streams import OpenStreams
from boxwright.rpc.requests import Requests
from boxwright.rpc.room import room
from boxwright.services import Added, services
from boxwright.settings import Settings
from boxwright.shelf.shelf import Shelf
from boxwright.shelf.watch import following
from boxwright.starting import loaded
from boxwright.stopping import Stop
from boxwright.telemetry.metrics import Metrics
from boxwright_contract.catalog import Catalog
from boxwright_contract.trust import Trust

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Front:
    """What every call passes before a service has it. It costs nothing to make."""

    metrics: Metrics
    admission: Admission
    interceptors: Sequence[aio.ServerInterceptor]
    """The first stands outside of the others."""

    @classmethod
    def of(cls, settings: Settings) -> "Front":
        """Return the front that settings ask for.

        Raises:
            BadSettings: The file of tokens cannot be used.
        """
        metrics, admission = Metrics(), Admission(settings.max_requests)
        requests = Requests(
            max_bytes=settings.max_message_bytes,
            patience_s=settings.timeout_s,
            max_inside_bytes=settings.max_inside_bytes,
            shed=lambda: metrics.lost("", "shed"),
        )
        checks = [] if settings.tokens is None else [guard(settings.tokens)]
        checks.append(room(admission, metrics))
        return cls(metrics, admission, (Once(), Calls(metrics), Edge(requests, checks)))


@dataclass(frozen=True)
class Core:
    """Models that are loaded, and the services that answer with them."""

    models: Shelf
    plugins: Catalog
    services: Sequence[Added]
    streams: OpenStreams


@asynccontextmanager
async def opened(
    front: Front, status: HealthService, settings: Settings, stop: Stop
) -> AsyncIterator[Core]:
    """Load the models, and keep all that answers until the block ends. No call may be inside then.

    Raises:
        BadSettings: No model can be served.
        MissingInstall: ONNX Runtime is not installed.
        StoppedEarly: `stop` was asked for before all models were loaded.
    """
    async with contextlib.AsyncExitStack() as until_closed:
        runtime = Runtime.open(
            settings.device, settings.threads, settings.lanes, settings.precision
        )
        models = await loaded(runtime, settings, stop.asked)
        front.metrics.show(lambda: models.now)
        plugins = Catalog.installed(Trust.told(settings.plugins_allow))
        pipeline = Pipeline(
            models, plugins, front.metrics, front.admission, settings, runtime.sessions.lanes
        )
        until_closed.callback(pipeline.close)
        geometry = GeometryService(plugins, models, settings.max_requests)
        until_closed.callback(geometry.close)
        streams = OpenStreams(settings)
        added = services(
            status,
            pipeline=pipeline,
            streams=streams,
            geometry=geometry,
            models=models,
            plugins=plugins,
            settings=settings,
        )
        await until_closed.enter_async_context(following(models, settings.watch_s))
        yield Core(models, plugins, added, streams)


def log_contents(core: Core) -> None:
    """Tell the log which models are served, and which plugins are not used."""
    plugins = core.plugins
    for broken in plugins.problems:
        owner = broken.distribution
        log.warning("plugin not used: %s of %s: %s", broken.entry_point, owner, broken.reason)
    for rude in plugins.warnings:
        log.warning("plugin %s of %s: %s", rude.entry_point, rude.distribution, rude.reason)
    for model in core.models.now.models:
        log.info("model %s (%s) on %s", model.bundle, model.bundle.architecture, model.told)
        rule = model.bundle.card.proposals
        if rule is not None and rule.source not in plugins.proposals:
            log.warning(
                "model %s: its proposal source '%s' is not installed, so every request must bring "
                "proposals. Install its plugin.",
                model.bundle,
                rule.source,
            )

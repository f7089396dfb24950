"""`boxwright serve`: the server, until it is told to stop."""

from pathlib import Path
from typing import Annotated

import typer

from boxwright.settings import LogFormat, LogLevel, PrecisionWish, Settings, meaning


def _help(name: str) -> object:
    default = getattr(Settings, name)
    shown = "those that ship with Boxwright" if name == "models" else default
    told = "" if shown is None else f" Default: {'off' if shown is False else shown}."
    return typer.Option(help=meaning(name) + told, show_default=False)


def serve(
    host: Annotated[str | None, _help("host")] = None,
    port: Annotated[int | None, _help("port")] = None,
    health_port: Annotated[int | None, _help("health_port")] = None,
    metrics: Annotated[bool | None, _help("metrics")] = None,
    metrics_port: Annotated[int | None, _help("metrics_port")] = None,
    tls_certificate: Annotated[Path | None, _help("tls_certificate")] = None,
    tls_key: Annotated[Path | None, _help("tls_key")] = None,
    tls_client_ca: Annotated[Path | None, _help("tls_client_ca")] = None,
    tokens: Annotated[Path | None, _help("tokens")] = None,
    models: Annotated[Path | None, _help("models")] = None,
    plugins_allow: Annotated[str | None, _help("plugins_allow")] = None,
    watch_s: Annotated[float | None, _help("watch_s")] = None,
    admin: Annotated[bool | None, _help("admin")] = None,
    device: Annotated[str | None, _help("device")] = None,
    precision: Annotated[PrecisionWish | None, _help("precision")] = None,
    threads: Annotated[int | None, _help("threads")] = None,
    lanes: Annotated[int | None, _help("lanes")] = None,
    max_batch: Annotated[int | None, _help("max_batch")] = None,
    batch_delay_ms: Annotated[float | None, _help("batch_delay_ms")] = None,
    warm_up_s: Annotated[float | None, _help("warm_up_s")] = None,
    max_requests: Annotated[int | None, _help("max_requests")] = None,
    timeout_s: Annotated[float | None, _help("timeout_s")] = None,
    max_streams: Annotated[int | None, _help("max_streams")] = None,
    stream_window: Annotated[int | None, _help("stream_window")] = None,
    connection_age_s: Annotated[float | None, _help("connection_age_s")] = None,
    max_message_bytes: Annotated[int | None, _help("max_message_bytes")] = None,
    max_inside_bytes: Annotated[int | None, _help("max_inside_bytes")] = None,
    max_pixels: Annotated[int | None, _help("max_pixels")] = None,
    max_proposals: Annotated[int | None, _help("max_proposals")] = None,
    proposals_side_px: Annotated[int | None, _help("proposals_side_px")] = None,
    drain_delay_s: Annotated[float | None, _help("drain_delay_s")] = None,
    drain_grace_s: Annotated[float | None, _help("drain_grace_s")] = None,
    log_level: Annotated[LogLevel | None, _help("log_level")] = None,
    log_format: Annotated[LogFormat | None, _help("log_format")] = None,
) -> None:
    """Serve models over gRPC until stopped.

    SIGTERM and Ctrl-C let the requests in flight finish first.

    Each option is an environment variable too: --max-batch is BOXWRIGHT_MAX_BATCH.
    """
    options = dict(locals())

    import asyncio

    from boxwright import server
    from boxwright.telemetry import logs as telemetry
    from boxwright.telemetry import trace_export

    settings = Settings.read(**options)
    telemetry.set_up_logging(settings)
    trace_export.set_up_tracing()
    asyncio.run(server.serve(settings, on_serving=_tell))


def _tell(address: object) -> None:
    typer.echo(f"serving on {address}")

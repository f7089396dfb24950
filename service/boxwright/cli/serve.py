"""`boxwright serve`: the server, until it is told to stop."""

from pathlib import Path
from typing import Annotated

import typer

from boxwright.settings import Device, LogFormat, LogLevel, Settings, meaning


def _help(name: str) -> object:
    default = getattr(Settings, name)
    shown = "those that ship with Boxwright" if name == "models" else default
    return typer.Option(help=f"{meaning(name)} Default: {shown}.", show_default=False)


def serve(
    host: Annotated[str | None, _help("host")] = None,
    port: Annotated[int | None, _help("port")] = None,
    models: Annotated[Path | None, _help("models")] = None,
    plugins_allow: Annotated[str | None, _help("plugins_allow")] = None,
    device: Annotated[Device | None, _help("device")] = None,
    threads: Annotated[int | None, _help("threads")] = None,
    max_batch: Annotated[int | None, _help("max_batch")] = None,
    max_requests: Annotated[int | None, _help("max_requests")] = None,
    max_message_bytes: Annotated[int | None, _help("max_message_bytes")] = None,
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

    from boxwright import server, telemetry

    settings = Settings.read(**options)
    telemetry.set_up_logging(settings)
    asyncio.run(server.serve(settings, on_serving=_tell))


def _tell(address: object) -> None:
    typer.echo(f"serving on {address}")

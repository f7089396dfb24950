"""`boxwright health`: does a server take requests? It is the probe of containers too."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from boxwright.cli.credentials import asking, check_none_given, credentials_of
from boxwright.cli.exit_codes import NO_ANSWER
from boxwright.cli.options import AsJson, Server
from boxwright.cli.tables import print_json
from boxwright.settings import Settings, variable
from boxwright_contract.errors import BadSettings, DeadlinePassed, Unreachable

if TYPE_CHECKING:
    import grpc

PATIENCE_S = 3.0
PAUSE_S = 0.1
EVERY_NETWORK = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "[::]": "[::1]"}
"""What a server listens on, and where it answers on this machine."""


@asking
def health(
    server: Server = None,
    service: Annotated[
        str,
        typer.Option(metavar="NAME", help="Ask for this one, as in boxwright.v1.DetectionService."),
    ] = "",
    wait: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0, help="Ask again until it serves, for so long."),
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Tell whether a server takes requests: exit code 0 if it does, 3 if not.

    Without --server it asks the one of this machine, at the health port that
    BOXWRIGHT_HEALTH_PORT says, or else at BOXWRIGHT_PORT.
    """
    address, in_plain_text = (server, False) if server else _own(Settings.read())
    with _plain(address) if in_plain_text else _secured(address) as channel:
        status = _status(channel, address, service, wait)
    if as_json:
        print_json({"server": address, "service": service, "status": status})
    else:
        typer.echo(f"{address}: {status}")
    if status != "SERVING":
        raise typer.Exit(NO_ANSWER)


def _own(settings: Settings) -> tuple[str, bool]:
    """Return where this machine's server tells its health, and whether in plain text for sure."""
    port = settings.health_port or settings.port
    if port == 0:
        raise BadSettings(
            f"{variable('port')} is 0, any free one, so nobody knows where the server of this "
            "machine is. Give --server."
        )
    host = EVERY_NETWORK.get(settings.host, settings.host)
    bare_ipv6 = ":" in host and "[" not in host
    address = f"[{host}]:{port}" if bare_ipv6 else f"{host}:{port}"
    return address, settings.health_port != 0


def _plain(address: str) -> "grpc.Channel":
    """Return a channel to a health port; a probe has no time to load all of the client."""
    import grpc

    check_none_given()
    return grpc.insecure_channel(address, [("grpc.enable_http_proxy", 0)])


def _secured(address: str) -> "grpc.Channel":
    from boxwright.client.channel import channel_with

    return channel_with(address, credentials_of(address), [])


def _status(channel: "grpc.Channel", address: str, service: str, wait_s: float) -> str:
    import grpc

    from boxwright.health_call import SERVING, health_of

    end = time.monotonic() + wait_s
    while True:
        try:
            status = health_of(channel, service, PATIENCE_S)
            if status == SERVING or time.monotonic() >= end:
                return status
        except grpc.RpcError as failed:
            from boxwright.client.failures import error_from

            error = error_from(failed, address, PATIENCE_S)
            for_now = isinstance(error, (Unreachable, DeadlinePassed))
            if not for_now or time.monotonic() >= end:
                raise error from failed
        time.sleep(PAUSE_S)

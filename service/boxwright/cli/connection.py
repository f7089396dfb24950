"""A client for a command: of the server that was named, or of one just for this command."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from boxwright.cli.credentials import credentials_of
from boxwright_contract.errors import BadSettings

if TYPE_CHECKING:
    from boxwright.client import Client


PATIENCE_S = 60.0
OWN_PATIENCE_S = 3600.0
"""A server that only this command asks cannot be stuck in the work of others."""
OPEN: Mapping[str, Any] = {
    "health_port": 0,
    "tls_certificate": None,
    "tls_key": None,
    "tls_client_ca": None,
    "tokens": None,
}
"""Nobody else can ask it, whatever the environment says of servers."""
QUICK: Mapping[str, Any] = {"watch_s": 0, "warm_up_s": 0}
"""One command asks too little to win a warm-up back."""


@contextmanager
def connected(
    server: str | None,
    models: Path | None,
    timeout_s: float | None = None,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> "Iterator[Client]":
    """Yield a client of `server`, or of a server in this process that serves `models`.

    Args:
        server: Its address. None: one of this process.
        models: Folder of the models that our own server serves.
        timeout_s: Most time for one answer. None: a minute; an hour of a server of our own.
        options: Settings of our own server, over those of the environment.
    """
    from boxwright.client import Client

    credentials = credentials_of(server)
    if server is not None:
        if models is not None:
            raise BadSettings("--models is for a server of our own. Leave out --server, or it.")
        patience_s = PATIENCE_S if timeout_s is None else timeout_s
        with Client(server, timeout_s=patience_s, credentials=credentials) as client:
            yield client
        return

    from boxwright.server import serve_in_background
    from boxwright.settings import Settings
    from boxwright.telemetry.logs import set_up_logging

    told = Settings.read(
        host="127.0.0.1",
        port=0,
        models=models,
        timeout_s=OWN_PATIENCE_S,
        drain_delay_s=0,
        metrics=False,
        log_level="error",
        **{**QUICK, **options},
    )
    settings = replace(told, **OPEN)
    set_up_logging(settings)
    patience_s = OWN_PATIENCE_S if timeout_s is None else timeout_s
    with (
        serve_in_background(settings) as address,
        Client(str(address), timeout_s=patience_s, credentials=credentials) as client,
    ):
        yield client

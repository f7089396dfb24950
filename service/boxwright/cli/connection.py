"""A client for a command: of the server that was named, or of one just for this command."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright_contract.errors import BadSettings

if TYPE_CHECKING:
    from boxwright.client import Client


PATIENCE_S = 60.0
OWN_PATIENCE_S = 3600.0
"""A server that only this command asks cannot be stuck in the work of others."""


@contextmanager
def connected(
    server: str | None, models: Path | None, timeout_s: float | None = None
) -> "Iterator[Client]":
    """Yield a client of `server`, or of a server in this process that serves `models`.

    Args:
        server: Its address. None: one of this process.
        models: Folder of the models that our own server serves.
        timeout_s: Most time for one answer. None: a minute; an hour of a server of our own.
    """
    from boxwright.client import Client

    if server is not None:
        if models is not None:
            raise BadSettings("--models is for a server of our own. Leave out --server, or it.")
        patience_s = PATIENCE_S if timeout_s is None else timeout_s
        with Client(server, timeout_s=patience_s) as client:
            yield client
        return

    from boxwright.server import serve_in_background
    from boxwright.settings import Settings
    from boxwright.telemetry import set_up_logging

    settings = Settings.read(
        host="127.0.0.1", port=0, models=models, drain_delay_s=0, log_level="error"
    )
    set_up_logging(settings)
    patience_s = OWN_PATIENCE_S if timeout_s is None else timeout_s
    with (
        serve_in_background(settings) as address,
        Client(str(address), timeout_s=patience_s) as client,
    ):
        yield client

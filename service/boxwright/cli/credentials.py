"""Options of every command that asks a server: TLS and the token."""

from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from boxwright.cli.joined_options import Command, Options, joined
from boxwright_contract.errors import BadSettings

if TYPE_CHECKING:
    from boxwright.client import Credentials

_GIVEN: ContextVar[Mapping[str, Any]] = ContextVar("given", default=MappingProxyType({}))


def asking(command: Command) -> Command:
    """Give a command that asks a server these options; `credentials_of` reads them."""

    def run(own: Options, credentials: Options) -> object:
        before = _GIVEN.set({name: value for name, value in credentials.items() if value})
        try:
            return command(**own)
        finally:
            _GIVEN.reset(before)

    return joined(command, _options, run)


def credentials_of(server: str | None) -> "Credentials":
    """Return what is shown to `server`: the options over the environment. None: to our own.

    Raises:
        BadSettings: They cannot be used, or are for no server.
    """
    from boxwright.client import Credentials

    if server is None:
        check_none_given()
        return Credentials()
    given = dict(_GIVEN.get())
    if token_file := given.pop("token_file", None):
        given["token"] = _token(token_file)
    return Credentials.read(**given)


def check_none_given() -> None:
    """Check that none of the options was given. Raises BadSettings: they are for no server."""
    if given := _GIVEN.get():
        options = ", ".join("--" + name.replace("_", "-") for name in given)
        raise BadSettings(f"{options}: there is no server to use it for. Give --server too.")


def _token(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, ValueError) as error:
        raise BadSettings(
            f"the token file {file} cannot be read: {error}. Give a file with just the token."
        ) from error


def _options(
    *,
    tls: Annotated[
        bool,
        typer.Option(
            "--tls", help="The server speaks TLS. Each of these is BOXWRIGHT_TLS and so on too."
        ),
    ] = False,
    ca: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="TLS: the authorities (PEM) that may have signed its certificate. Unset: those "
            "that the world knows.",
        ),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TLS: our own certificate (PEM).")
    ] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="TLS: its key (PEM).")] = None,
    server_name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="TLS: the name in its certificate, if the address has another."
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A file with our token. Or set BOXWRIGHT_TOKEN."),
    ] = None,
) -> None:
    """Hold the options, as typer reads them."""

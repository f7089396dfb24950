"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"boxwright {version('boxwright')}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
]
Server = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Ask this server, as in 127.0.0.1:50051."),
]
Models = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Folder of models for a server of its own. Unset: those that ship with Boxwright.",
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        min=0.001,
        help="Most time for one answer. Unset: 60; 3600 of a server of its own.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

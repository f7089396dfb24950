"""`boxwright token`: make tokens for those who may call a server, and list them."""

import os
from pathlib import Path
from typing import Annotated

import typer

from boxwright.cli.commands import Commands
from boxwright.cli.tables import print_table
from boxwright_contract.errors import BadSettings

app = typer.Typer(
    cls=Commands,
    help="Make and list the tokens of a server, which must run with --tokens.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

OWNER_ONLY = 0o600


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Whose it is, as in camera-3.")],
    may: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="What it may call, with commas between: detect, catalog, geometry, inference "
            "(the Open Inference Protocol), admin.",
        ),
    ],
    file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Add its entry to this file. Unset: print the entry."),
    ] = None,
) -> None:
    """Make a token.

    Prints it, this once. The file has only its hash, and a running server takes the file anew when
    it changes.
    """
    from boxwright.security.tokens import new_token, read_tokens

    secret, token = new_token(name, [each.strip() for each in may.split(",")])
    if file is None:
        typer.echo(f"# To the file of --tokens:\n{token.toml()}\n", err=True)
    else:
        known = read_tokens(file) if file.exists() else ()
        if any(each.name == name for each in known):
            raise BadSettings(f"{file} has a token '{name}' already. Choose another name.")
        _append(file, token.toml())
        typer.echo(f"'{name}' may {', '.join(token.may)}, by {file}. The token:", err=True)
    typer.echo(secret)


@app.command("list")
def list_tokens(
    file: Annotated[Path, typer.Argument(help="The file of --tokens.")],
) -> None:
    """List who has a token, and what it may call."""
    from boxwright.security.tokens import read_tokens

    rows = [(token.name, ", ".join(token.may), token.sha256[:12]) for token in read_tokens(file)]
    print_table(("name", "may", "sha256 begins"), rows)


def _append(file: Path, entry: str) -> None:
    """Add an entry at the end; a new file is for its owner's eyes."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        with os.fdopen(os.open(file, flags, OWNER_ONLY), "w") as end:
            end.write(f"\n{entry}\n" if file.stat().st_size else f"{entry}\n")
    except OSError as error:
        raise BadSettings(
            f"{file} cannot be written: {error.strerror}. Check the path and its permissions."
        ) from error

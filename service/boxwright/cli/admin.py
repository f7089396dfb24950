"""`boxwright admin`: change what a server serves, while it serves."""

from typing import TYPE_CHECKING, Annotated

import typer

from boxwright.cli.commands import Questions
from boxwright.cli.connection import connected
from boxwright.cli.credentials import asking
from boxwright.cli.options import Timeout

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    cls=Questions,
    help="Change what a server serves, which must run with --admin.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="MODEL", help="Its name.")]
Version = Annotated[str, typer.Argument(metavar="[VERSION]", help="A number. Unset: all.")]
Alias = Annotated[str, typer.Argument(help="Letters, digits, - and _.")]
Address = Annotated[str, typer.Option(metavar="ADDRESS", help="The server, as in 127.0.0.1:50051.")]
LOCAL = "127.0.0.1:50051"


@app.command()
@asking
def load(
    name: Name, version: Version = "", server: Address = LOCAL, timeout: Timeout = None
) -> None:
    """Serve what is in the server's folder of models: one version, or all.

    What was unloaded by `unload` comes back so.
    """
    with connected(server, None, timeout) as client:
        _tell(name, client.load_model(name, version))


@app.command()
@asking
def unload(
    name: Name, version: Version = "", server: Address = LOCAL, timeout: Timeout = None
) -> None:
    """Stop serving a version of a model, or all, once the requests inside are through.

    Its files stay, and it stays out until it is loaded again or the server starts anew.
    """
    with connected(server, None, timeout) as client:
        _tell(name, client.unload_model(name, version))


@app.command()
@asking
def alias(
    name: Name,
    alias: Alias,
    version: Annotated[str, typer.Argument(help="A number.")],
    server: Address = LOCAL,
) -> None:
    """Let a name stand for a version of a model, as stable for 3."""
    with connected(server, None) as client:
        client.set_alias(name, alias, version)
    typer.echo(f"{name}/{alias} is now {name}/{version}")


@app.command()
@asking
def unalias(name: Name, alias: Alias, server: Address = LOCAL) -> None:
    """Take such a name away."""
    with connected(server, None) as client:
        client.remove_alias(name, alias)
    typer.echo(f"{name}/{alias} stands for nothing now")


def _tell(name: str, versions: "Sequence[str]") -> None:
    typer.echo(f"served of {name}: {', '.join(versions) or 'nothing'}")

"""`boxwright plugins`: the parts that are installed, and whether they are what they say."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from boxwright.cli import plugins_check
from boxwright.cli.commands import Commands
from boxwright.cli.credentials import asking, credentials_of
from boxwright.cli.options import AsJson, Server
from boxwright.cli.tables import print_json, print_problems, print_table

if TYPE_CHECKING:
    from boxwright.client import Plugin


app = typer.Typer(cls=Commands, invoke_without_command=True, rich_markup_mode=None)
app.command()(plugins_check.check)


@app.callback()
@asking
def plugins(context: typer.Context, server: Server = None, as_json: AsJson = False) -> None:
    """List the backbones, necks, detectors and proposal sources.

    Plugins that cannot be used are listed with the reason. Without --server they are those that
    are installed here.
    """
    if context.invoked_subcommand:
        return
    found = _found(server)
    if as_json:
        print_json([asdict(plugin) for plugin in found])
        return
    print_table(
        ("kind", "name", "from", "levels", "source"),
        [
            (
                plugin.kind,
                plugin.name,
                f"{plugin.distribution} {plugin.distribution_version}",
                " ".join(f"{level.name}/{level.stride_px}" for level in plugin.levels) or "-",
                plugin.source,
            )
            for plugin in found
            if not plugin.problem
        ],
    )
    print_problems(
        (f"{bad.name} of {bad.distribution} {bad.distribution_version}", bad.problem)
        for bad in found
        if bad.problem
    )


def _found(server: str | None) -> "tuple[Plugin, ...]":
    from boxwright.client import Client, reading

    credentials = credentials_of(server)
    if server is not None:
        with Client(server, credentials=credentials) as client:
            return client.plugins()

    from boxwright.rpc.wire import catalog as wire
    from boxwright_contract.catalog import Catalog

    return reading.plugins(wire.plugins(Catalog.installed()))

"""`boxwright geometry backbone`: the feature maps of an installed backbone."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from boxwright.cli.credentials import asking, credentials_of
from boxwright.cli.geometry.facts import level_facts
from boxwright.cli.geometry.levels import print_levels
from boxwright.cli.geometry.sizes import image_size
from boxwright.cli.options import AsJson, Server
from boxwright.cli.tables import print_json
from boxwright.cli.workshop import workshop
from boxwright_contract.errors import BadSettings

if TYPE_CHECKING:
    from boxwright.client import BackboneGeometry, Credentials


@asking
def backbone(
    name: Annotated[str, typer.Argument(help="Name of the backbone; see `boxwright plugins`.")],
    canvas: Annotated[
        str | None,
        typer.Option(
            metavar="HxW", help="Tell the grids on that canvas; multiples of the largest stride."
        ),
    ] = None,
    measure: Annotated[
        bool,
        typer.Option("--measure", help="Build and measure it. Needs boxwright[workshop]."),
    ] = False,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Tell what the cells of a backbone's feature maps see of its input.

    They are what its plugin declares; --measure builds the network and measures them. Without
    --server it is the backbone that is installed here.

    \b
    Examples:
      boxwright geometry backbone resnet50
      boxwright geometry backbone resnet50 --canvas 800x1344
      boxwright geometry backbone my_backbone --measure
    """
    size = None if canvas is None else image_size(canvas, "--canvas")
    if measure and server:
        raise BadSettings("--measure is for a backbone that is installed here. Leave out --server.")
    credentials = credentials_of(server)
    if server is None:
        found = _here(name, size, measure)
    else:
        found = _asked(server, credentials, name, size)
    if as_json:
        levels = [level_facts(level) for level in found.levels]
        print_json({"backbone": found.backbone, "levels": levels})
        return
    print_levels(found.levels)
    if measure:
        from boxwright_contract.parts import Level

        declared = workshop("declaration").declaration(
            Level(level.name, level.channels, level.stride_px, level.field)
            for level in found.levels
        )
        typer.echo(f"\nTo declare it, paste this into the plugin:\n\n{declared}")
    elif any(level.field is None for level in found.levels):
        typer.echo("\nIts plugin does not declare all fields. Measure them: add --measure.")


def _asked(
    server: str, credentials: "Credentials", name: str, size: tuple[int, int] | None
) -> "BackboneGeometry":
    from boxwright.client import Client

    with Client(server, credentials=credentials) as client:
        return client.describe_backbone(name, size)


def _here(name: str, size: tuple[int, int] | None, measure: bool) -> "BackboneGeometry":
    from boxwright.client import geometry_reading as reading
    from boxwright.geometry.framing import checked_canvas
    from boxwright.rpc.wire import geometry as wire
    from boxwright_contract.catalog import Catalog

    part = Catalog.installed().backbone(name)
    checked = None if size is None else checked_canvas(size, part)
    if measure:
        fields = workshop("measured_backbone").measure(name)
        levels = tuple(replace(level, field=fields[level.name]) for level in part.levels)
        part = replace(part, levels=levels)
    return reading.backbone(wire.backbone(part, checked))

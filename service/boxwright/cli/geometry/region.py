"""`boxwright geometry region`: which cells of a model see a box of an image."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from boxwright.cli.connection import connected
from boxwright.cli.credentials import asking
from boxwright.cli.geometry.sizes import size_of_photo
from boxwright.cli.options import AsJson, Models, Server
from boxwright.cli.tables import print_json, print_table

if TYPE_CHECKING:
    from boxwright.client import CellRange


@asking
def region(
    model: Annotated[str, typer.Argument(help="Name of the model.")],
    x_min: Annotated[float, typer.Argument(help="Of the box, in pixels of the upright image.")],
    y_min: Annotated[float, typer.Argument()],
    x_max: Annotated[float, typer.Argument()],
    y_max: Annotated[float, typer.Argument()],
    image: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The image that it is a part of.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="HxW", help="Or just the size of that image.")
    ] = None,
    level: Annotated[str, typer.Option(help="Only this feature map. Unset: all.")] = "",
    model_version: Annotated[str, typer.Option(help="Unset: the newest.")] = "",
    server: Server = None,
    models: Models = None,
    as_json: AsJson = False,
) -> None:
    """Tell which cells of a model's feature maps see a box of an image.

    What gates let every cell see besides is left out.

    \b
    Examples:
      boxwright geometry region people 120 80 200 310 --image photo.jpg
      boxwright geometry region people 120 80 200 310 --size 480x640 --level P4 --json
    \b
    seeing     rows x columns of the cells that see a part of the box
    holding    rows x columns of the cells that see all of it
    """
    image_px = size_of_photo(image, size)
    box_px = (x_min, y_min, x_max, y_max)
    with connected(server, models) as client:
        found = client.map_region(box_px, image_px, level=level, model=model, version=model_version)
    if as_json:
        print_json({**asdict(found), "image_px": image_px, "box_px": box_px})
        return
    print_table(
        ("level", "seeing", "holding"),
        [(cells.level, _range(cells.seeing), _range(cells.holding)) for cells in found.levels],
    )


def _range(cells: "CellRange | None") -> str:
    if cells is None:
        return "none"
    return f"{cells.first_y}..{cells.last_y} x {cells.first_x}..{cells.last_x}"

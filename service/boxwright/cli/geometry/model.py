"""`boxwright geometry model`: the feature maps of a served model."""

from typing import Annotated

import typer

from boxwright.cli.connection import connected
from boxwright.cli.credentials import asking
from boxwright.cli.geometry.facts import level_facts
from boxwright.cli.geometry.levels import print_levels
from boxwright.cli.geometry.sizes import image_size
from boxwright.cli.options import AsJson, Models, Server
from boxwright.cli.tables import print_json


@asking
def model(
    name: Annotated[str, typer.Argument(help="Name of the model.")],
    image: Annotated[
        str | None, typer.Option(metavar="HxW", help="Tell the grids for an image of that size.")
    ] = None,
    model_version: Annotated[str, typer.Option(help="Unset: the newest.")] = "",
    server: Server = None,
    models: Models = None,
    as_json: AsJson = False,
) -> None:
    """Tell what the cells of a model's feature maps see of its canvas.

    \b
    Examples:
      boxwright geometry model people
      boxwright geometry model people --image 480x640 --json
    \b
    field px    what a cell sees, from the least to the most where neighbours differ
    stride      canvas pixels from one cell to the next
    padding     how far cell 0 reaches out of the canvas
    centre      the middle of what cell 0 sees; the middle of pixel 0 is 0
    95 % in     height x width of the box around the centre with 95 % of the gradient: the
                effective field, where most of what a cell answers to is
    anchors     width x height
    """
    size = None if image is None else image_size(image, "--image")
    with connected(server, models) as client:
        found = client.describe_model(name, model_version, image_px=size)
    if as_json:
        print_json(
            {
                "model": found.model,
                "version": found.version,
                "resized_px": found.resized_px,
                "canvas_px": found.canvas_px,
                "levels": [level_facts(level) for level in found.levels],
            }
        )
        return
    if found.levels:
        print_levels(found.levels)
    else:
        typer.echo(
            f"{found.model}/{found.version} has no feature map over the whole image: it looks at "
            "each proposal by itself."
        )
    if size and found.resized_px and found.canvas_px:
        steps = (size, found.resized_px, found.canvas_px)
        image_px, resized_px, canvas_px = (f"{height} x {width}" for height, width in steps)
        typer.echo(
            f"\nAn image of {image_px} px, height x width, becomes {resized_px} on a canvas of "
            f"{canvas_px}."
        )

"""`boxwright geometry cell`: what one cell of a model's feature map sees of an image."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from boxwright.cli.annotations import check_spared, write_picture
from boxwright.cli.connection import connected
from boxwright.cli.credentials import asking
from boxwright.cli.geometry.sizes import read_photo, size_of_photo
from boxwright.cli.options import AsJson, Models, Server
from boxwright.cli.tables import print_json, print_table
from boxwright_contract.errors import BadSettings

if TYPE_CHECKING:
    from boxwright.client import CellView, ModelGeometry
    from boxwright_contract.geometry.regions import Edges


COLUMNS = ("", "x_min", "y_min", "x_max", "y_max", "width", "height")


@asking
def cell(
    model: Annotated[str, typer.Argument(help="Name of the model.")],
    level: Annotated[str, typer.Argument(help="Name of the feature map, such as P4.")],
    y: Annotated[int, typer.Argument(min=0, help="Row of the cell, from 0.")],
    x: Annotated[int, typer.Argument(min=0, help="Column of the cell, from 0.")],
    image: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The image that it looks at.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="HxW", help="Or just the size of that image.")
    ] = None,
    annotate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write --image with what the cell sees drawn over it."),
    ] = None,
    model_version: Annotated[str, typer.Option(help="Unset: the newest.")] = "",
    server: Server = None,
    models: Models = None,
    as_json: AsJson = False,
) -> None:
    """Tell what a cell of a model's feature map sees of an image.

    All is in pixels of the upright image. Anchors may reach out of it.

    \b
    Examples:
      boxwright geometry cell people P4 12 9 --image photo.jpg --annotate seen.png
      boxwright geometry cell people P4 12 9 --size 480x640 --json
    \b
    cell         its own square, among the others of the feature map
    region       the least box with all that can change it
    effective    the box around its centre with 95 % of the gradient, where it was measured
    anchors      the boxes that the detector looks for there
    """
    if annotate and image is None:
        raise BadSettings("--annotate draws on a photo. Give --image FILE too.")
    if annotate and image:
        check_spared(image, annotate)
    image_px = size_of_photo(image, size)
    with connected(server, models) as client:
        found = client.map_cells(level, [(y, x)], image_px, model=model, version=model_version)
        its = client.describe_model(model, found.version, image_px=image_px)
    (view,) = found.views
    own_px = _own_square(y, x, found.cells, its, image_px)
    if annotate and image:
        _draw(image, view, own_px, f"{found.model} {level} ({y}, {x})", annotate)
    if as_json:
        print_json({**asdict(found), "level": level, "image_px": image_px, "cell_px": own_px})
        return
    typer.echo(
        f"{found.model}/{found.version} {level}: cell ({y}, {x}) of {found.cells[0]} rows and "
        f"{found.cells[1]} columns\n"
    )
    print_table(COLUMNS, [_row("cell", own_px), *_rows(view)])
    if view.region_px is None:
        typer.echo("\nThe cell lies over padding, and sees nothing of the image.")
    if view.whole_besides:
        typer.echo("\nIt sees the whole image besides, through gates or attention.")
    if annotate:
        typer.echo(f"\nWrote {annotate}.")


def _rows(view: "CellView") -> list[tuple[str, ...]]:
    nothing = ("region", "none", *["-"] * 5)
    region = nothing if view.region_px is None else _row("region", view.region_px)
    effective = [] if view.effective_px is None else [_row("effective", view.effective_px)]
    return [region, *effective, *(_row("anchor", anchor) for anchor in view.anchors_px)]


def _row(what: str, edges: "Edges") -> tuple[str, ...]:
    x1, y1, x2, y2 = edges
    return (what, *(f"{number:.1f}" for number in (*edges, x2 - x1, y2 - y1)))


def _own_square(
    y: int, x: int, cells: tuple[int, int], its: "ModelGeometry", image_px: tuple[int, int]
) -> "Edges":
    """Return the part of the image that is the cell's own, one cell of many side by side."""
    edges = []
    for at, count, canvas, resized, image in zip(
        (y, x), cells, its.canvas_px or (), its.resized_px or (), image_px, strict=True
    ):
        step = canvas // count * image / resized
        edges.append((at * step, (at + 1) * step))
    (top, bottom), (left, right) = edges
    return left, top, right, bottom


def _draw(image: Path, view: "CellView", own_px: "Edges", title: str, target: Path) -> None:
    from boxwright.cell_drawing import draw_cell
    from boxwright_contract.pixels import Limits, decode

    pixels = decode(read_photo(image), Limits())
    write_picture(draw_cell(pixels, view, own_px, title), target)

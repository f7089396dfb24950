"""`boxwright geometry graph`: receptive fields of any ONNX file."""

from pathlib import Path
from typing import Annotated

import typer

from boxwright.cli.geometry.columns import FIELD_COLUMNS, field_columns, sides
from boxwright.cli.geometry.facts import field_facts
from boxwright.cli.geometry.levels import notes
from boxwright.cli.geometry.sizes import image_size
from boxwright.cli.options import AsJson
from boxwright.cli.tables import print_json, print_table
from boxwright_contract.errors import MissingInstall


def graph(
    file: Annotated[Path, typer.Argument(metavar="FILE.onnx", help="The exported network.")],
    tensor: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="This tensor; may be repeated. Unset: the outputs."),
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(metavar="HxW", help="Size of the image. Unset: large enough to be sure."),
    ] = None,
    graph_input: Annotated[
        str,
        typer.Option("--input", metavar="NAME", help="Which input is the image, if in doubt."),
    ] = "",
    divisor: Annotated[
        int, typer.Option(min=1, help="The network takes sides that are multiples of this.")
    ] = 1,
    as_json: AsJson = False,
) -> None:
    """Tell what the tensors of an ONNX file see of its image. Needs boxwright[geometry].

    It follows the graph, node by node, exactly: strides, dilations, up-sampling, branches, gates.
    A node that it does not know is an error that names it.

    \b
    Examples:
      boxwright geometry graph resnet50.onnx
      boxwright geometry graph detector.onnx --tensor P3 --tensor P4 --divisor 32 --json
    """
    try:
        from boxwright_contract.geometry.graph.analysis import measure
        from boxwright_contract.geometry.graph.graph_file import load
    except ModuleNotFoundError as error:
        raise MissingInstall(
            f"reading ONNX files needs '{error.name}', which is not installed. "
            "Install it: pip install 'boxwright[geometry]'."
        ) from error

    found = measure(
        load(file),
        tensor or (),
        image=graph_input,
        divisor=divisor,
        sides=None if image is None else image_size(image, "--image"),
    )
    if as_json:
        print_json(
            {
                name: {"shape": measured.shape, "field": field_facts(measured.field)}
                for name, measured in found.items()
            }
        )
        return
    print_table(
        ("tensor", "shape measured on", *FIELD_COLUMNS),
        [
            (name, sides(measured.shape), *field_columns(measured.field.axes))
            for name, measured in found.items()
        ],
    )
    for line in notes([(name, measured.field) for name, measured in found.items()]):
        typer.echo(line)

"""`boxwright geometry matrix`: a convolution as the matrix that it is."""

from typing import TYPE_CHECKING, Annotated

import typer

from boxwright.cli.geometry.sizes import input_shape
from boxwright.cli.options import AsJson
from boxwright.cli.tables import WIDTH, print_json

if TYPE_CHECKING:
    from boxwright_contract.geometry.layers import Conv, ConvTranspose
    from boxwright_contract.geometry.matrix import SparseMatrix

MOST_ENTRIES = 1_000_000
MOST_ROWS_SHOWN = 128


def matrix(
    layer: Annotated[
        str, typer.Argument(help="One `conv` or `tconv`, in the notation of `layers`.")
    ],
    shape: Annotated[
        str, typer.Option("--input", metavar="CxHxW", help="Channels, then each side.")
    ] = "1x4x4",
    as_json: AsJson = False,
) -> None:
    """Write a convolution as the sparse matrix that it is.

    output.flatten() = matrix @ input.flatten(). A transposed convolution is the transpose of the
    matrix of the convolution with its numbers. A large matrix is counted, and not shown.

    \b
    Examples:
      boxwright geometry matrix "conv 3 p1" --input 1x5
      boxwright geometry matrix "tconv 3 p1" --input 1x5
      boxwright geometry matrix "conv 3 p1 c2" --input 1x5x5 --json
    """
    from boxwright.client.geometry_writing import one_convolution
    from boxwright_contract.geometry.matrix import convolution_matrix
    from boxwright_contract.geometry.stack import Shape

    channels, sides = input_shape(shape, "--input")
    its = one_convolution(layer, channels)
    found = convolution_matrix(its, Shape(channels, sides), MOST_ENTRIES)
    if as_json:
        print_json(
            {
                "rows": found.rows,
                "columns": found.columns,
                "output": {"channels": found.output.channels, "sides": found.output.sides},
                "entry_row": found.row.tolist(),
                "entry_column": found.column.tolist(),
                "entry_weight": found.weight.tolist(),
            }
        )
        return
    if found.rows <= MOST_ROWS_SHOWN and 2 * found.columns <= WIDTH:
        lines = _grid(found, its, channels, len(sides))
        if max(map(len, lines)) <= WIDTH:
            typer.echo("\n".join(lines) + "\n")
    full = found.rows * found.columns
    typer.echo(
        f"{found.rows:,} x {found.columns:,}, output {found.output}: {len(found.row):,} entries of "
        f"{full:,} ({len(found.row) / full:.1%})"
    )


def _grid(
    found: "SparseMatrix", layer: "Conv | ConvTranspose", channels: int, axes: int
) -> list[str]:
    """Return the rows of the matrix, the weights by their place in the kernel tensor: w[0,0,1]."""
    import numpy as np

    names = _names(layer, channels, axes)
    texts = np.full((found.rows, found.columns), ".", dtype=object)
    texts[found.row, found.column] = [names[weight] for weight in found.weight.tolist()]
    width = max(map(len, texts.ravel()))
    return [" ".join(f"{text:<{width}}" for text in row).rstrip() for row in texts]


def _names(layer: "Conv | ConvTranspose", channels: int, axes: int) -> list[str]:
    """Return the name of each weight: w with its place on the axes that are longer than 1."""
    from itertools import product

    from boxwright_contract.geometry.layers import Conv
    from boxwright_contract.geometry.numbers import per_axis

    kernel = per_axis(layer.kernel, axes, "kernel")
    if isinstance(layer, Conv):
        lengths = (layer.channels, channels // layer.groups, *kernel)
    else:
        lengths = (channels, layer.channels // layer.groups, *kernel)
    places = product(*(range(length) for length in lengths))
    long = [length > 1 for length in lengths]
    return [
        "w" + ",".join(str(at) for at, shown in zip(place, long, strict=True) if shown)
        for place in places
    ]

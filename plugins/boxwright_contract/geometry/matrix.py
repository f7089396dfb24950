"""A convolution as the sparse matrix that it is, and a transposed one as that matrix transposed.

Window i of a convolution covers cell i * stride - padding + t * dilation with tap t of its kernel.
The matrix has an entry for each such meeting inside the borders, on every axis, and for each pair
of channels of a group. A transposed convolution reads the same meetings the other way.

Source: Dumoulin & Visin 2016 (arXiv:1603.07285), section 4.1.
"""

from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.axis import Transposed, Window
from boxwright_contract.geometry.layers import Conv, ConvTranspose
from boxwright_contract.geometry.meetings import Meetings
from boxwright_contract.geometry.numbers import checked
from boxwright_contract.geometry.shape import Shape
from boxwright_contract.geometry.stack import describe
from boxwright_contract.geometry.steps import axis_steps

Indices: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class SparseMatrix:
    """output.ravel() = matrix @ input.ravel(), plus the bias; E entries are not always 0.

    Feature maps are flattened in the order channels, then sides.
    """

    rows: int
    """Numbers in the output."""
    columns: int
    """Numbers in the input."""
    output: Shape
    row: Indices
    """(E,), ascending."""
    column: Indices
    """(E,), ascending within a row."""
    weight: Indices
    """(E,): which of the weights the entry is, in torch's kernel tensor flattened.

    That is (channels out, channels in / groups, *kernel) for a convolution, and (channels in,
    channels out / groups, *kernel) for a transposed one.
    """


def convolution_matrix(
    layer: Conv | ConvTranspose, input: Shape, most_entries: int
) -> SparseMatrix:
    """Return the matrix of `layer` on an input of that shape.

    The matrix of a transposed convolution from shape A to B is the transpose of that of the
    convolution of the same numbers from B to A, where that exists: same entries, same weights.

    Args:
        layer: The bias is left out.
        input: Shape of what goes in.
        most_entries: A larger matrix is refused before any memory is taken for it.

    Raises:
        BadInput: The layer is impossible on that input, or the matrix too large.

    Example:
        >>> halves = Conv(channels=1, kernel=3, stride=2, padding=1)
        >>> matrix = convolution_matrix(halves, Shape(1, (4,)), most_entries=100)
        >>> list(zip(matrix.row.tolist(), matrix.column.tolist(), matrix.weight.tolist()))
        [(0, 0, 1), (0, 1, 2), (1, 1, 0), (1, 2, 1), (1, 3, 2)]
    """
    output = describe((layer,), input).total.output
    checked(input.cells, "numbers in the input")
    windows, cells = (output, input) if isinstance(layer, Conv) else (input, output)
    steps = [
        step
        for step in axis_steps(layer, len(input.sides))
        if isinstance(step, Window | Transposed)
    ]
    axes = [
        Meetings.of(step, *lengths, most_taps=most_entries)
        for step, *lengths in zip(steps, windows.sides, cells.sides, strict=True)
    ]
    inner = cells.channels // layer.groups
    entries = windows.channels * inner * prod(axis.count for axis in axes)
    if entries > most_entries:
        raise BadInput(
            f"the matrix has {entries:,} entries, and at most {most_entries:,} are written. "
            "Use fewer channels, or a smaller input or kernel."
        )
    window, cell, weight = _channel_pairs(windows.channels, inner, layer.groups, entries)
    for axis in axes if entries else ():
        at_window, at_cell, tap = axis.indices()
        window = np.add.outer(window * axis.windows, at_window).ravel()
        cell = np.add.outer(cell * axis.cells, at_cell).ravel()
        weight = np.add.outer(weight * axis.step.kernel, tap).ravel()
    row, column = (window, cell) if isinstance(layer, Conv) else (cell, window)
    order = np.lexsort((column, row))
    return SparseMatrix(
        rows=output.cells,
        columns=input.cells,
        output=output,
        row=row[order],
        column=column[order],
        weight=weight[order],
    )


def _channel_pairs(
    windows: int, inner: int, groups: int, entries: int
) -> tuple[Indices, Indices, Indices]:
    """Return the channels of windows and of cells that belong to one group, and their numbers."""
    pairs = np.arange(windows * inner if entries else 0, dtype=np.int64)
    window, local = np.divmod(pairs, inner)
    group = window // (windows // groups)
    return window, group * inner + local, pairs

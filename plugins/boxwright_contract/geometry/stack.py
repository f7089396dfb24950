"""Stacks of layers: shapes, costs and receptive fields, layer by layer.

All is arithmetic: no side is too long. A stack that cannot work, or whose numbers leave 64 bits, is
a BadInput that names the layer, its index and the numbers; so is one over a limit of `limits`.

Example:
    >>> from boxwright_contract.geometry.layers import Conv, Pool
    >>> conv = Conv(channels=64, kernel=7, stride=2, padding=3)
    >>> total = describe((conv, Pool(kernel=3, stride=2, padding=1)), Shape(3, (224, 224))).total
    >>> str(total.output), total.parameters, total.field[0].sizes_px
    ('64 x 56 x 56', 9472, (11, 11))
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.axis import output_length
from boxwright_contract.geometry.composition import join, through
from boxwright_contract.geometry.costs import channels_out, multiply_accumulates, parameters
from boxwright_contract.geometry.field import IDENTITY, AxisField
from boxwright_contract.geometry.layers import Branches, Layer, Stack
from boxwright_contract.geometry.limits import check_extent
from boxwright_contract.geometry.places import AXES, at, place_of
from boxwright_contract.geometry.report import Description, LayerReport, PhaseBudget, check_counts
from boxwright_contract.geometry.shape import Shape, check_shape, joined_channels
from boxwright_contract.geometry.smallest import (
    channels_after,
    smallest_input,
    smallest_input_found,
)
from boxwright_contract.geometry.steps import axis_steps

__all__ = [
    "Description",
    "LayerReport",
    "Shape",
    "channels_after",
    "describe",
    "smallest_input",
    "smallest_input_found",
]

FLOAT32_BYTES = 4


@dataclass(frozen=True)
class _Map:
    """A feature map on the way through the stack."""

    shape: Shape
    field: tuple[AxisField | None, ...]


@dataclass
class _Table:
    """The rows so far."""

    rows: list[LayerReport] = field(default_factory=list)
    phases: PhaseBudget = field(default_factory=PhaseBudget)


def describe(stack: Stack, input: Shape) -> Description:
    """Describe what each layer of `stack` makes of `input`. No layers: the identity.

    Raises:
        BadInput: The stack is impossible, or over a limit.
    """
    check_extent(stack)
    check_shape(input)
    table = _Table()
    end = _run(stack, _Map(input, (IDENTITY,) * len(input.sides)), "", table)
    total = LayerReport(
        index="",
        layer=None,
        output=end.shape,
        parameters=sum(row.parameters for row in table.rows),
        parameters_without_bias=sum(row.parameters_without_bias for row in table.rows),
        multiply_accumulates=sum(row.multiply_accumulates for row in table.rows),
        activation_bytes=sum(row.activation_bytes for row in table.rows),
        field=end.field,
    )
    with at("all layers together"):
        check_counts(total)
    return Description(tuple(table.rows), total)


def _run(stack: Stack, before: _Map, prefix: str, table: _Table) -> _Map:
    """Add the rows of `stack`, whose indices begin with `prefix`, and return its output."""
    for number, layer in enumerate(stack, start=1):
        index = f"{prefix}{number}"
        here = len(table.rows)
        if isinstance(layer, Branches):
            ends = [
                _run(branch, before, f"{index}.{position}.", table)
                for position, branch in enumerate(layer.branches, start=1)
            ]
            with at(place_of(index, layer)):
                after = _joined(layer, ends)
        else:
            with at(place_of(index, layer)):
                after = _after(layer, before)
        with at(place_of(index, layer)):
            row = _row(index, layer, before.shape, after)
            check_counts(row)
            table.phases.spend(row.field)
        table.rows.insert(here, row)
        before = after
    return before


def _after(layer: Layer, before: _Map) -> _Map:
    channels = channels_out(layer, before.shape.channels)
    sides: list[int] = []
    fields: list[AxisField | None] = []
    axes = AXES[len(before.shape.sides)]
    steps = axis_steps(layer, len(axes))
    for axis, step, side, seen in zip(axes, steps, before.shape.sides, before.field, strict=True):
        with at(f"axis {axis}"):
            sides.append(output_length(step, side))
            fields.append(through(step, seen, side))
    return _Map(Shape(channels, tuple(sides)), tuple(fields))


def _joined(layer: Branches, ends: Sequence[_Map]) -> _Map:
    channels = joined_channels(layer.join, [end.shape.channels for end in ends])
    for position, end in enumerate(ends, start=1):
        if end.shape.sides != ends[0].shape.sides:
            raise BadInput(
                f"branch 1 makes {ends[0].shape} and branch {position} {end.shape}, "
                "and branches need equal sides to be joined. "
                "Change their paddings or strides, or the size of the input."
            )
    fields = [join(axis) for axis in zip(*(end.field for end in ends), strict=True)]
    return _Map(Shape(channels, ends[0].shape.sides), tuple(fields))


def _row(index: str, layer: Layer, before: Shape, after: _Map) -> LayerReport:
    weights, biases = parameters(layer, before.channels, before.sides)
    return LayerReport(
        index=index,
        layer=layer,
        output=after.shape,
        parameters=weights + biases,
        parameters_without_bias=weights,
        multiply_accumulates=multiply_accumulates(
            layer, weights, before.channels, before.sides, after.shape.sides
        ),
        activation_bytes=FLOAT32_BYTES * after.shape.cells,
        field=after.field,
    )

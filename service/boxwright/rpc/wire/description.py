"""What was asked about a stack of layers, and what was found -> geometry.proto."""

from boxwright.rpc.wire.geometry import axis
from boxwright.rpc.wire.layer import convolution, transposed_convolution
from boxwright.rpc.wire.layers import stack
from boxwright.v1 import geometry_pb2 as pb
from boxwright_contract.errors import BadInput
from boxwright_contract.geometry import notation
from boxwright_contract.geometry.layers import Conv, ConvTranspose, Stack
from boxwright_contract.geometry.matrix import SparseMatrix
from boxwright_contract.geometry.places import at
from boxwright_contract.geometry.stack import Description, LayerReport, Shape

AT_ONCE = 10_000
"""Entries that are written before other threads may go on: writing holds Python's lock."""


def shape(request: pb.DescribeLayersRequest | pb.ConvolutionMatrixRequest) -> Shape:
    """Return the input that a request names.

    Raises:
        BadInput: It names none.
    """
    if not request.HasField("input"):
        raise BadInput("the request has no input. Set its channels and its sides.")
    return Shape(request.input.channels, tuple(request.input.sides))


def layers(request: pb.DescribeLayersRequest) -> Stack:
    """Return the stack that a request describes, in the notation or as values.

    Raises:
        BadInput: It has both, or the stack cannot be read.
    """
    if request.notation and request.layers:
        raise BadInput("the request has both notation and layers. Send one of the two.")
    channels = request.input.channels
    if request.notation:
        return notation.parse(request.notation, channels)
    return stack(request.layers, channels)


def layer(request: pb.ConvolutionMatrixRequest) -> Conv | ConvTranspose:
    """Return the layer whose matrix is asked for.

    Raises:
        BadInput: There is none, or it cannot be read.
    """
    with at("the layer"):
        match request.WhichOneof("layer"):
            case "convolution":
                return convolution(request.convolution)
            case "transposed_convolution":
                return transposed_convolution(request.transposed_convolution)
            case _:
                raise BadInput("it is not set. Send a `convolution`, or a transposed one.")


def description(
    found: Description, its: Stack, smallest: tuple[int, ...]
) -> pb.DescribeLayersResponse:
    """Return what was found about a stack."""
    return pb.DescribeLayersResponse(
        layers=map(_report, found.layers),
        total=_report(found.total),
        notation=notation.write(its),
        smallest_input_sides=smallest,
    )


def matrix(found: SparseMatrix) -> pb.ConvolutionMatrixResponse:
    """Return the matrix of a convolution."""
    told = pb.ConvolutionMatrixResponse(
        rows=found.rows, columns=found.columns, output=_shape(found.output)
    )
    for start in range(0, len(found.row), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        told.entry_row.extend(found.row[part].tolist())
        told.entry_column.extend(found.column[part].tolist())
        told.entry_weight.extend(found.weight[part].tolist())
    return told


def _report(report: LayerReport) -> pb.LayerDescription:
    layer = report.layer
    return pb.LayerDescription(
        index=report.index,
        name="" if layer is None else layer.name,
        layer="" if layer is None else notation.write_layer(layer),
        output=_shape(report.output),
        parameters=report.parameters,
        parameters_without_bias=report.parameters_without_bias,
        multiply_accumulates=report.multiply_accumulates,
        activation_bytes=report.activation_bytes,
        field=map(axis, report.field),
    )


def _shape(its: Shape) -> pb.Shape:
    return pb.Shape(channels=its.channels, sides=its.sides)

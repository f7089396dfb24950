"""The questions of shapes and receptive fields."""

from collections.abc import Sequence
from functools import cached_property

from boxwright.client import geometry_reading as reading
from boxwright.client import geometry_writing as writing
from boxwright.client.connection import Connection
from boxwright.client.geometry_answers import (
    BackboneGeometry,
    CellViews,
    LayersDescription,
    ModelGeometry,
    RegionCells,
)
from boxwright.client.requests import written
from boxwright.v1 import detection_pb2, geometry_pb2_grpc
from boxwright.v1 import geometry_pb2 as pb
from boxwright_contract.geometry.layers import Conv, ConvTranspose, Stack
from boxwright_contract.geometry.matrix import SparseMatrix
from boxwright_contract.geometry.regions import Edges

Size = tuple[int, int]
"""Height and width, in pixels."""


class GeometryCalls(Connection):
    """One method for each call of GeometryService."""

    @cached_property
    def _geometry(self) -> geometry_pb2_grpc.GeometryServiceStub:
        return geometry_pb2_grpc.GeometryServiceStub(self._channel)

    def describe_layers(
        self, layers: str | Stack, channels: int, sides: Sequence[int]
    ) -> LayersDescription:
        """Return shapes, costs and receptive fields of a stack, layer by layer.

        Args:
            layers: In the notation, as in "conv 7/2 p3 c64, pool 3/2 p1", or as values of
                `boxwright_contract.geometry.layers`.
            channels: Of the input.
            sides: Of the input, in the order of tensors: (height, width) of an image.

        Raises:
            BadInput: The stack is impossible; it names the layer and the numbers.
        """
        with written():
            request = pb.DescribeLayersRequest(
                notation=writing.text(layers), input=pb.Shape(channels=channels, sides=sides)
            )
        return reading.layers(self._ask(self._geometry.DescribeLayers, request))

    def describe_backbone(self, name: str, canvas_px: Size | None = None) -> BackboneGeometry:
        """Return the feature maps of a backbone that the server has installed.

        Args:
            name: Of the backbone.
            canvas_px: Height and width, multiples of the largest stride, to tell the grids at.

        Raises:
            UnknownName: No such backbone.
            BadInput: The canvas cannot be.
        """
        with written():
            request = pb.DescribeBackboneRequest(backbone=name, canvas_size=_size(canvas_px))
        return reading.backbone(self._ask(self._geometry.DescribeBackbone, request))

    def describe_model(
        self, name: str = "", version: str = "", *, image_px: Size | None = None
    ) -> ModelGeometry:
        """Return the feature maps of a served model, and what their cells see of its canvas.

        Args:
            name: Of the model; may be empty where the server serves just one.
            version: Empty: the newest.
            image_px: Height and width of an upright image, to tell the grids at.

        Raises:
            UnknownName: No such model or version.
        """
        with written():
            request = pb.DescribeModelRequest(
                model=name, version=version, image_size=_size(image_px)
            )
        return reading.model(self._ask(self._geometry.DescribeModel, request))

    def map_cells(
        self,
        level: str,
        cells: Sequence[tuple[int, int]],
        image_px: Size,
        *,
        model: str = "",
        version: str = "",
    ) -> CellViews:
        """Return what cells of a feature map see of an image, and which anchors sit there.

        Args:
            level: Name of the feature map.
            cells: Rows and columns, from 0; at most 10,000.
            image_px: Height and width of the upright image.
            model: Its name; may be empty where the server serves just one.
            version: Empty: the newest.

        Raises:
            UnknownName: No such model, version or feature map.
            BadInput: The feature map of that image has no such cell.
        """
        with written():
            request = pb.MapCellsRequest(
                model=model,
                version=version,
                level=level,
                image_size=_size(image_px),
                cells=[pb.Cell(y=y, x=x) for y, x in cells],
            )
        return reading.views(self._ask(self._geometry.MapCells, request))

    def map_region(
        self, box_px: Edges, image_px: Size, *, level: str = "", model: str = "", version: str = ""
    ) -> RegionCells:
        """Return the cells that see a box of an image, of one feature map or of all.

        Args:
            box_px: x_min, y_min, x_max, y_max in pixels of the upright image.
            image_px: Its height and width.
            level: Name of a feature map. Empty: all.
            model: Its name; may be empty where the server serves just one.
            version: Empty: the newest.

        Raises:
            UnknownName: No such model, version or feature map.
            BadInput: The box is none, or lies outside the image.
        """
        with written():
            x_min, y_min, x_max, y_max = box_px
            request = pb.MapRegionRequest(
                model=model,
                version=version,
                level=level,
                image_size=_size(image_px),
                box=detection_pb2.Box(
                    x_min_px=x_min, y_min_px=y_min, x_max_px=x_max, y_max_px=y_max
                ),
            )
        return reading.region(self._ask(self._geometry.MapRegion, request))

    def convolution_matrix(
        self, layer: str | Conv | ConvTranspose, channels: int, sides: Sequence[int]
    ) -> SparseMatrix:
        """Return a convolution, or a transposed one, as the sparse matrix that it is.

        Args:
            layer: In the notation, as in "conv 3 p1 c2" or "tconv 4/2 p1 c2", or as a value.
            channels: Of the input.
            sides: Of the input.

        Raises:
            BadInput: The layer is impossible, or its matrix has too many entries.
        """
        with written():
            request = pb.ConvolutionMatrixRequest(
                input=pb.Shape(channels=channels, sides=sides),
                **writing.convolution(writing.one_convolution(layer, channels)),
            )
        return reading.matrix(self._ask(self._geometry.ConvolutionMatrix, request))


def _size(size_px: Size | None) -> detection_pb2.ImageSize | None:
    if size_px is None:
        return None
    return detection_pb2.ImageSize(height_px=size_px[0], width_px=size_px[1])

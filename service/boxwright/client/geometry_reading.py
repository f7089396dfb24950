"""geometry.proto -> answers. No decisions."""

from collections.abc import Iterable

import numpy as np

from boxwright.client.geometry_answers import (
    BackboneGeometry,
    CellRange,
    CellView,
    CellViews,
    LayerDescription,
    LayersDescription,
    LevelCells,
    LevelGeometry,
    ModelGeometry,
    RegionCells,
)
from boxwright.v1 import detection_pb2
from boxwright.v1 import geometry_pb2 as pb
from boxwright_contract.geometry.field import AxisField, EffectiveField, Field
from boxwright_contract.geometry.matrix import SparseMatrix
from boxwright_contract.geometry.regions import Edges
from boxwright_contract.geometry.shape import Shape


def layers(answer: pb.DescribeLayersResponse) -> LayersDescription:
    """Return the description of a stack."""
    return LayersDescription(
        layers=tuple(map(_layer, answer.layers)),
        total=_layer(answer.total),
        notation=answer.notation,
        smallest_input=tuple(answer.smallest_input_sides),
    )


def backbone(answer: pb.DescribeBackboneResponse) -> BackboneGeometry:
    """Return the feature maps of a backbone."""
    return BackboneGeometry(backbone=answer.backbone, levels=tuple(map(_level, answer.levels)))


def model(answer: pb.DescribeModelResponse) -> ModelGeometry:
    """Return the feature maps of a model."""
    return ModelGeometry(
        model=answer.model,
        version=answer.version,
        levels=tuple(map(_level, answer.levels)),
        resized_px=_size(answer.resized),
        canvas_px=_size(answer.canvas_size),
    )


def views(answer: pb.MapCellsResponse) -> CellViews:
    """Return what cells see."""
    return CellViews(
        model=answer.model,
        version=answer.version,
        views=tuple(map(_view, answer.views)),
        cells=(answer.cells_y, answer.cells_x),
    )


def region(answer: pb.MapRegionResponse) -> RegionCells:
    """Return which cells see a box."""
    return RegionCells(
        model=answer.model,
        version=answer.version,
        levels=tuple(
            LevelCells(
                level=found.level,
                seeing=_range(found.seeing) if found.HasField("seeing") else None,
                holding=_range(found.holding) if found.HasField("holding") else None,
            )
            for found in answer.levels
        ),
    )


def matrix(answer: pb.ConvolutionMatrixResponse) -> SparseMatrix:
    """Return the matrix of a convolution."""
    return SparseMatrix(
        rows=answer.rows,
        columns=answer.columns,
        output=_shape(answer.output),
        row=np.array(answer.entry_row, np.int64),
        column=np.array(answer.entry_column, np.int64),
        weight=np.array(answer.entry_weight, np.int64),
    )


def edges(box: detection_pb2.Box) -> Edges:
    """Return x1, y1, x2, y2."""
    return box.x_min_px, box.y_min_px, box.x_max_px, box.y_max_px


def _layer(found: pb.LayerDescription) -> LayerDescription:
    return LayerDescription(
        index=found.index,
        name=found.name,
        layer=found.layer,
        output=_shape(found.output),
        parameters=found.parameters,
        parameters_without_bias=found.parameters_without_bias,
        multiply_accumulates=found.multiply_accumulates,
        activation_bytes=found.activation_bytes,
        field=_axes(found.field),
    )


def _level(found: pb.LevelGeometry) -> LevelGeometry:
    field = Field(
        axes=_axes(found.field),
        whole_through=tuple(found.whole_through),
        exact_at_border=found.exact_at_border,
    )
    return LevelGeometry(
        name=found.name,
        channels=found.channels,
        stride_px=found.stride_px,
        cells=(found.cells_y, found.cells_x) if found.cells_y else None,
        field=field if found.field else None,
        effective_field=_effective(found.effective_field)
        if found.HasField("effective_field")
        else None,
        anchors_px=tuple(map(edges, found.anchors)),
    )


def _axes(found: Iterable[pb.AxisField]) -> tuple[AxisField | None, ...]:
    return tuple(
        None if axis.whole else AxisField(axis.period_px, tuple(axis.first_px), tuple(axis.last_px))
        for axis in found
    )


def _effective(found: pb.EffectiveField) -> EffectiveField:
    return EffectiveField(
        sigma_px=(found.sigma_y_px, found.sigma_x_px),
        box95_px=(found.box95_height_px, found.box95_width_px),
        images=found.images,
    )


def _view(found: pb.CellView) -> CellView:
    return CellView(
        y=found.cell.y,
        x=found.cell.x,
        region_px=edges(found.region) if found.HasField("region") else None,
        whole_besides=found.whole_besides,
        effective_px=edges(found.effective_region) if found.HasField("effective_region") else None,
        anchors_px=tuple(map(edges, found.anchors)),
    )


def _range(found: pb.CellRange) -> CellRange:
    return CellRange(
        first_y=found.first_y, last_y=found.last_y, first_x=found.first_x, last_x=found.last_x
    )


def _shape(found: pb.Shape) -> Shape:
    return Shape(found.channels, tuple(found.sides))


def _size(found: detection_pb2.ImageSize) -> tuple[int, int] | None:
    return (found.height_px, found.width_px) if found.height_px else None

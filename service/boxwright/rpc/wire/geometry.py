"""geometry.proto <-> our own values; for layers see `layers`."""

from collections.abc import Iterable

from boxwright.geometry.framing import Framing, Size, grid
from boxwright.geometry.seeing import Cells, LevelCells
from boxwright.geometry.views import View
from boxwright.rpc.wire.detection import box
from boxwright.shelf.bundle import Bundle
from boxwright.v1 import detection_pb2
from boxwright.v1 import geometry_pb2 as pb
from boxwright_contract.card import LevelRecord
from boxwright_contract.errors import BadInput
from boxwright_contract.geometry import field
from boxwright_contract.geometry.regions import Edges
from boxwright_contract.parts import Backbone, Level, RegionLevel


def size(request: pb.MapCellsRequest | pb.MapRegionRequest | pb.DescribeModelRequest) -> Size:
    """Return the image size that a request names.

    Raises:
        BadInput: It names none.
    """
    if not request.HasField("image_size"):
        raise BadInput("the request has no image_size. Set it to that of the upright image.")
    return request.image_size.height_px, request.image_size.width_px


def edges(request: pb.MapRegionRequest) -> Edges:
    """Return the box that a request names; without one it is empty."""
    its = request.box
    return its.x_min_px, its.y_min_px, its.x_max_px, its.y_max_px


def backbone(its: Backbone, canvas: Size | None) -> pb.DescribeBackboneResponse:
    """Return the feature maps of a backbone."""
    return pb.DescribeBackboneResponse(
        backbone=its.name,
        levels=[
            _level(level, None if canvas is None else grid(canvas, level.stride), level.field)
            for level in its.levels
        ],
    )


def model(bundle: Bundle, framing: Framing | None) -> pb.DescribeModelResponse:
    """Return the feature maps of a model."""
    return pb.DescribeModelResponse(
        model=bundle.name,
        version=str(bundle.version),
        levels=[_record(record, framing) for record in bundle.card.levels],
        resized=None if framing is None else _size(framing.resized),
        canvas_size=None if framing is None else _size(framing.canvas),
    )


def views(bundle: Bundle, cells: Size, found: Iterable[View]) -> pb.MapCellsResponse:
    """Return what cells of a feature map of `cells` rows and columns see."""
    return pb.MapCellsResponse(
        model=bundle.name,
        version=str(bundle.version),
        views=map(_view, found),
        cells_y=cells[0],
        cells_x=cells[1],
    )


def seen(bundle: Bundle, found: Iterable[LevelCells]) -> pb.MapRegionResponse:
    """Return which cells see a box."""
    return pb.MapRegionResponse(
        model=bundle.name,
        version=str(bundle.version),
        levels=[
            pb.LevelCells(
                level=cells.level, seeing=_range(cells.seeing), holding=_range(cells.holding)
            )
            for cells in found
        ],
    )


def axis(its: field.AxisField | None) -> pb.AxisField:
    """Return what cells see along one axis."""
    if its is None:
        return pb.AxisField(whole=True)
    least, most = its.sizes_px
    return pb.AxisField(
        period_px=its.period_px,
        first_px=its.first_px,
        last_px=its.last_px,
        min_size_px=least,
        max_size_px=most,
        stride_px=float(its.stride_px),
        stride_varies=its.stride_varies,
        padding_px=its.padding_px,
        first_centre_px=float(its.centre_px(0)),
    )


def _record(record: LevelRecord, framing: Framing | None) -> pb.LevelGeometry:
    grid = None if framing is None else framing.grid(record.level)
    told = _level(record.level, grid, record.field)
    told.anchors.extend(map(box, record.level.anchors_px))
    if record.effective_field is not None:
        told.effective_field.CopyFrom(_effective(record.effective_field))
    return told


def _level(
    level: Level | RegionLevel, cells: Size | None, its: field.Field | None
) -> pb.LevelGeometry:
    rows, columns = cells or (0, 0)
    told = pb.LevelGeometry(
        name=level.name,
        channels=level.channels,
        stride_px=level.stride,
        cells_y=rows,
        cells_x=columns,
    )
    if its is not None:
        told.field.extend(map(axis, its.axes))
        told.whole_through.extend(its.whole_through)
        told.exact_at_border = its.exact_at_border
    return told


def _effective(its: field.EffectiveField) -> pb.EffectiveField:
    return pb.EffectiveField(
        sigma_y_px=its.sigma_px[0],
        sigma_x_px=its.sigma_px[1],
        box95_height_px=its.box95_px[0],
        box95_width_px=its.box95_px[1],
        images=its.images,
    )


def _view(view: View) -> pb.CellView:
    return pb.CellView(
        cell=pb.Cell(y=view.y, x=view.x),
        region=None if view.region_px is None else box(view.region_px),
        whole_besides=view.whole_besides,
        effective_region=None if view.effective_px is None else box(view.effective_px),
        anchors=map(box, view.anchors_px),
    )


def _range(cells: Cells | None) -> pb.CellRange | None:
    if cells is None:
        return None
    rows, columns = cells
    return pb.CellRange(first_y=rows[0], last_y=rows[-1], first_x=columns[0], last_x=columns[-1])


def _size(its: Size) -> detection_pb2.ImageSize:
    return detection_pb2.ImageSize(height_px=its[0], width_px=its[1])

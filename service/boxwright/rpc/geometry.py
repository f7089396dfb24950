"""boxwright.v1.GeometryService."""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from grpc import aio

from boxwright.admission import Admission
from boxwright.deadline import Deadline
from boxwright.geometry.framing import Framing, checked_canvas
from boxwright.geometry.seeing import level_named, seeing
from boxwright.geometry.views import view_of
from boxwright.rpc.wire import description
from boxwright.rpc.wire import geometry as wire
from boxwright.shelf.shelf import Shelf
from boxwright.v1 import geometry_pb2 as pb
from boxwright.v1.geometry_pb2_grpc import GeometryServiceServicer
from boxwright.workers import Workers
from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadInput, UnknownName
from boxwright_contract.geometry.matrix import convolution_matrix
from boxwright_contract.geometry.stack import describe, smallest_input_found
from boxwright_contract.parts import Backbone

MOST_CELLS = 10_000
"""Of one MapCells."""
MOST_ENTRIES = 1_000_000
"""Of one ConvolutionMatrix: some 10 MB of answer."""

Context: TypeAlias = aio.ServicerContext[Any, Any]
Response = TypeVar("Response")


class GeometryService(GeometryServiceServicer):
    """Tells shapes and receptive fields.

    What takes more than a moment is done on a thread of its own, so that detection goes on.
    """

    def __init__(self, plugins: Catalog, models: Shelf, max_requests: int) -> None:
        self._plugins = plugins
        self._models = models
        self._admission = Admission(max_requests)
        self._worker = Workers(1, "geometry")

    def close(self) -> None:
        """End the worker thread. No call may be inside."""
        self._worker.close()

    async def DescribeLayers(
        self, request: pb.DescribeLayersRequest, context: Context
    ) -> pb.DescribeLayersResponse:
        """Describe a stack of layers. Errors: BadInput, Overloaded, DeadlinePassed."""
        return await self._work(context, lambda: describe_layers(request))

    async def DescribeBackbone(
        self, request: pb.DescribeBackboneRequest, context: Context
    ) -> pb.DescribeBackboneResponse:
        """Describe the feature maps of an installed backbone. Errors: BadInput, UnknownName."""
        backbone = self._backbone(request.backbone)
        if not request.HasField("canvas_size"):
            return wire.backbone(backbone, None)
        canvas = request.canvas_size.height_px, request.canvas_size.width_px
        return wire.backbone(backbone, checked_canvas(canvas, backbone))

    async def DescribeModel(
        self, request: pb.DescribeModelRequest, context: Context
    ) -> pb.DescribeModelResponse:
        """Describe the feature maps of a served model. Errors: BadInput, UnknownName."""
        bundle = self._models.find(request.model, request.version).bundle
        if not request.HasField("image_size"):
            return wire.model(bundle, None)
        return wire.model(bundle, Framing.of(bundle.card.input, *wire.size(request)))

    async def MapCells(self, request: pb.MapCellsRequest, context: Context) -> pb.MapCellsResponse:
        """Tell what cells see of an image.

        Errors: BadInput, UnknownName, Overloaded, DeadlinePassed.
        """
        bundle = self._models.find(request.model, request.version).bundle
        record = level_named(bundle.card, request.level)
        framing = Framing.of(bundle.card.input, *wire.size(request))
        if len(request.cells) > MOST_CELLS:
            raise BadInput(
                f"the request has {len(request.cells)} cells, over {MOST_CELLS}. Send fewer at "
                "once."
            )

        def work() -> pb.MapCellsResponse:
            found = (view_of(record, cell.y, cell.x, framing) for cell in request.cells)
            return wire.views(bundle, framing.grid(record.level), found)

        return await self._work(context, work)

    async def MapRegion(
        self, request: pb.MapRegionRequest, context: Context
    ) -> pb.MapRegionResponse:
        """Tell which cells see a box of an image. Errors: BadInput, UnknownName."""
        bundle = self._models.find(request.model, request.version).bundle
        framing = Framing.of(bundle.card.input, *wire.size(request))
        found = seeing(bundle.card, request.level, wire.edges(request), framing)
        return wire.seen(bundle, found)

    async def ConvolutionMatrix(
        self, request: pb.ConvolutionMatrixRequest, context: Context
    ) -> pb.ConvolutionMatrixResponse:
        """Write a convolution as its matrix. Errors: BadInput, Overloaded, DeadlinePassed."""

        def work() -> pb.ConvolutionMatrixResponse:
            layer, shape = description.layer(request), description.shape(request)
            return description.matrix(convolution_matrix(layer, shape, MOST_ENTRIES))

        return await self._work(context, work)

    def _backbone(self, name: str) -> Backbone:
        family = name.partition(":")[0]
        if name != family and family in self._plugins.families:
            raise UnknownName(
                f"'{name}' is made by the family '{family}', which a server does not ask. Run "
                f"`boxwright geometry backbone {name}` where boxwright[workshop] is installed."
            )
        return self._plugins.backbone(name)

    async def _work(self, context: Context, work: Callable[[], Response]) -> Response:
        """Do `work` on the worker thread, if there is room and the caller still waits."""
        deadline = Deadline.after(context.time_remaining())
        with self._admission.admit():
            return (await self._worker.do(work, deadline, "the work began")).value


def describe_layers(request: pb.DescribeLayersRequest) -> pb.DescribeLayersResponse:
    """Return the description of a stack, layer by layer. Raises BadInput."""
    shape = description.shape(request)
    stack = description.layers(request)
    found = describe(stack, shape)
    smallest = smallest_input_found(stack, shape.channels, len(shape.sides))
    return description.description(found, stack, smallest)

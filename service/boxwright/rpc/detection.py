"""boxwright.v1.DetectionService."""

from typing import Any

from grpc import aio

from boxwright.pipeline import Pipeline
from boxwright.rpc.wire import detection as wire
from boxwright.v1.detection_pb2 import DetectRequest, DetectResponse
from boxwright.v1.detection_pb2_grpc import DetectionServiceServicer


class DetectionService(DetectionServiceServicer):
    """Finds objects in images."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def Detect(
        self, request: DetectRequest, context: aio.ServicerContext[Any, Any]
    ) -> DetectResponse:
        """Find the objects in one image.

        Errors: BadInput, TooLarge, UnknownName, Overloaded, DeadlinePassed.
        """
        query = wire.query(request, context.time_remaining())
        answer = await self._pipeline.detect(query)
        return wire.detect_response(answer, request.with_proposals)

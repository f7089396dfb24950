"""boxwright.v1.DetectionService."""

from collections.abc import AsyncIterator
from typing import Any

from grpc import aio

from boxwright.pipeline import Pipeline
from boxwright.rpc.open_streams import OpenStreams
from boxwright.rpc.patience import detect_when_there_is_room
from boxwright.rpc.status import status_of
from boxwright.rpc.wire import detection as wire
from boxwright.settings import Settings
from boxwright.v1.detection_pb2 import (
    DetectRequest,
    DetectResponse,
    DetectStreamRequest,
    DetectStreamResponse,
)
from boxwright.v1.detection_pb2_grpc import DetectionServiceServicer
from boxwright_contract.errors import BadInput


class DetectionService(DetectionServiceServicer):
    """Finds objects in images.

    Images of streams wait for room where Detect is refused.
    """

    def __init__(self, pipeline: Pipeline, streams: OpenStreams, settings: Settings) -> None:
        self._pipeline = pipeline
        self._streams = streams
        self._settings = settings

    async def Detect(
        self, request: DetectRequest, context: aio.ServicerContext[Any, Any]
    ) -> DetectResponse:
        """Find the objects in one image.

        Errors: BadInput, TooLarge, UnknownName, Overloaded, DeadlinePassed.
        """
        query = wire.query(request, context.time_remaining())
        with_proposals = request.with_proposals
        del request  # the query has a copy of the image
        answer = await self._pipeline.detect(query)
        return wire.detect_response(answer, with_proposals)

    async def DetectStream(  # type: ignore[override]  # no generator: they are not cancelled
        self,
        requests: AsyncIterator[DetectStreamRequest],
        context: aio.ServicerContext[Any, Any],
    ) -> None:
        """Find the objects in one image after another. Errors: Overloaded."""

        async def answer(request: DetectStreamRequest | BadInput) -> DetectStreamResponse:
            return await self._answer(request, context.time_remaining())

        await self._streams.run(answer, requests, context, _in_order)

    async def _answer(
        self, request: DetectStreamRequest | BadInput, seconds_left: float | None
    ) -> DetectStreamResponse:
        """Return what is found in an image, or the error in its place."""
        if isinstance(request, BadInput):
            return DetectStreamResponse(error=status_of(request))
        try:
            asked = request.request
            query = wire.query(asked, seconds_left)
            answer = await detect_when_there_is_room(
                self._pipeline, query, self._settings.timeout_s
            )
            response = wire.detect_response(answer, asked.with_proposals)
        except Exception as error:  # noqa: BLE001  Whatever it is, the stream goes on.
            return DetectStreamResponse(id=request.id, error=status_of(error))
        return DetectStreamResponse(id=request.id, response=response)


def _in_order(first: DetectStreamRequest | BadInput) -> bool:
    return isinstance(first, BadInput) or first.order != DetectStreamRequest.ORDER_READY

"""A stream through a replica that breaks inside, past all that makes errors into statuses."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NoReturn

import pytest
from tests.ray_serve.test_replica_calls import STREAM, Call

from boxwright.ray_serve.dispatch import Dispatch
from boxwright.v1 import detection_pb2_grpc
from boxwright.v1.detection_pb2 import DetectStreamResponse


class CutOff(detection_pb2_grpc.DetectionServiceServicer):
    async def Detect(self, request: Any, context: Any) -> NoReturn:
        raise AssertionError("nobody asks this")

    async def DetectStream(self, requests: Any, context: Any) -> None:  # type: ignore[override]
        await context.write(DetectStreamResponse(id="1"))
        raise asyncio.CancelledError


def test_a_stream_that_is_cut_off_does_not_end_as_if_all_were_answered() -> None:
    add = detection_pb2_grpc.add_DetectionServiceServicer_to_server
    calls = Dispatch([(CutOff(), add)], interceptors=())

    async def requests() -> AsyncIterator[bytes]:
        for number in b"12":
            yield bytes([number])

    async def ask() -> list[Any]:
        return [answer async for answer in calls.many(STREAM, requests(), Call())]

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(ask())

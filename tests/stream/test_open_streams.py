"""The streams of a server: a slow one starves no quick one, and how they end with the server."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any, NoReturn, cast

import grpc
import pytest
from grpc import aio

from boxwright.rpc.open_streams import OpenStreams
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.detection_pb2 import DetectRequest, DetectStreamRequest
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

SLOW_STREAMS = 5
"""As many as fill all places of streams, if each has all of its window."""
SECONDS = 1.5


@pytest.fixture
def two_models(
    make_bundle: Callable[..., Path], settings: Settings, tmp_path: Path
) -> Iterator[grpc.Channel]:
    """A server of a quick model and one that takes several times as long, in one lane."""
    make_bundle(tmp_path / "quick" / "1", multiplications=1)
    make_bundle(tmp_path / "slow" / "1", multiplications=6)
    chosen = replace(settings, models=tmp_path, max_batch=1, lanes=1, metrics=False, warm_up_s=0.5)
    with serve_in_background(chosen) as address, grpc.insecure_channel(str(address)) as channel:
        yield channel


def test_streams_of_a_slow_model_leave_one_of_a_quick_model_a_fourth_of_its_pace(
    two_models: grpc.Channel, asked: Callable[[int], DetectRequest]
) -> None:
    def opened(model: str) -> Any:
        request = asked(1)
        request.model = model
        detection = DetectionServiceStub(two_models)
        return detection.DetectStream(repeat(DetectStreamRequest(request=request)))

    def pace(stream: Iterator[object]) -> float:
        """Return how many images are answered in a second."""
        next(stream)
        began, answered = time.monotonic(), 0
        while time.monotonic() - began < SECONDS:
            next(stream)
            answered += 1
        return answered / (time.monotonic() - began)

    with ExitStack() as streams:

        def followed(model: str) -> Any:
            stream = opened(model)
            streams.callback(stream.cancel)
            return stream

        alone = pace(followed("quick"))
        streams.close()
        for slow in [followed("slow") for _ in range(SLOW_STREAMS)]:
            next(slow)
        assert pace(followed("quick")) > alone / 4


class Gone:
    """The context of a call whose caller has vanished."""

    async def abort(self, *args: object, **more: object) -> NoReturn:
        raise aio.InternalError("Failed grpc_call_start_batch: 8")  # as gRPC does

    async def write(self, response: object) -> None:
        raise aio.InternalError("Failed grpc_call_start_batch: 8")

    def trailing_metadata(self) -> tuple[()]:
        return ()


def test_a_caller_that_vanishes_while_its_stream_is_drained_is_no_error(settings: Settings) -> None:
    async def drained() -> None:
        streams = OpenStreams(settings)

        async def requests() -> AsyncIterator[int]:
            streams.end()
            yield 1

        async def answer(request: object) -> object:
            return request

        context = cast("aio.ServicerContext[Any, Any]", Gone())
        await streams.run(answer, requests(), context)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(asyncio.wait_for(drained(), 10))

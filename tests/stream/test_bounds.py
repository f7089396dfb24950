"""What a stream may take: memory, room, time; and that nothing of it stays behind."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.detection_pb2 import DetectRequest, DetectStreamRequest
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

Asked = Callable[[int], DetectRequest]

STOPS = pytest.mark.parametrize("order", ["ORDER_UNSPECIFIED", "ORDER_READY"])


class Counted:
    """Requests without end, and how many were taken."""

    def __init__(self, request: DetectRequest, id_: str = "", order: str = "ORDER_READY") -> None:
        its = DetectStreamRequest.Order.Value(order)
        self._message = DetectStreamRequest(id=id_, request=request, order=its)
        self.taken = 0

    def __iter__(self) -> Iterator[DetectStreamRequest]:
        while True:
            self.taken += 1
            yield self._message

    def settled(self) -> int:
        """Return how many were taken once no more are for a while."""
        before = -1
        while before < self.taken:
            before = self.taken
            time.sleep(0.5)
        return before


@STOPS
def test_a_caller_that_does_not_read_is_not_read_from(
    detection: DetectionServiceStub, asked: Asked, order: str
) -> None:
    requests = Counted(asked(1), id_="x" * 50_000, order=order)  # answers carry it
    call = detection.DetectStream(iter(requests))
    next(call)
    taken = requests.settled()
    assert taken < 500  # what is on the wire counts too
    for _ in range(taken):
        next(call)
    assert requests.taken > taken  # the stream goes on
    call.cancel()


@STOPS
def test_a_caller_that_goes_without_reading_is_no_internal_error(
    settings: Settings, asked: Asked, order: str, caplog: pytest.LogCaptureFixture
) -> None:
    alone = replace(settings, metrics=False)
    with (
        serve_in_background(alone) as address,
        grpc.insecure_channel(str(address)) as channel,
    ):
        requests = Counted(asked(1), id_="x" * 50_000, order=order)
        call = DetectionServiceStub(channel).DetectStream(iter(requests))
        next(call)
        requests.settled()
        call.cancel()
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


@STOPS
def test_a_stream_that_is_cancelled_leaves_its_place_and_its_room(
    slow_server: DetectionServiceStub, asked: Asked, order: str
) -> None:
    for _ in range(3):
        call = slow_server.DetectStream(iter(Counted(asked(1), order=order)))
        next(call)
        call.cancel()
        _wait_for_a_place(slow_server)
    one = DetectStreamRequest(id="after", request=asked(3))
    assert [each.id for each in slow_server.DetectStream(iter([one]))] == ["after"]
    assert slow_server.Detect(asked(3)).times.queue_ms < 1000


def _failed(caught: pytest.ExceptionInfo[grpc.RpcError]) -> Any:
    """Return the failed call, which grpc's types do not tell."""
    return caught.value


def _wait_for_a_place(detection: DetectionServiceStub) -> None:
    for _ in range(50):
        try:
            list(detection.DetectStream(iter(())))
        except grpc.RpcError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the place is never free")


def test_a_stream_too_many_is_refused_and_told_when_to_try_again(
    slow_server: DetectionServiceStub, asked: Asked
) -> None:
    first = slow_server.DetectStream(iter(Counted(asked(1))))
    next(first)
    with pytest.raises(grpc.RpcError) as caught:
        next(slow_server.DetectStream(iter(())))
    first.cancel()
    refusal = _failed(caught)
    assert refusal.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "1 streams are open" in refusal.details()
    assert "BOXWRIGHT_MAX_STREAMS (--max-streams)" in refusal.details()
    status = Status.FromString(dict(refusal.trailing_metadata())["grpc-status-details-bin"])
    info, retry = ErrorInfo(), RetryInfo()
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(retry)
    assert (info.reason, retry.retry_delay.ToMilliseconds()) == ("Overloaded", 1000)


def test_images_of_a_stream_wait_where_single_ones_are_refused(
    slow_server: DetectionServiceStub, asked: Asked
) -> None:
    singles = [slow_server.Detect.future(asked(1)) for _ in range(10)]
    requests = [DetectStreamRequest(id=str(n), request=asked(n)) for n in range(1, 9)]
    answers = list(slow_server.DetectStream(iter(requests)))
    assert {each.WhichOneof("outcome") for each in answers} == {"response"}
    assert grpc.StatusCode.RESOURCE_EXHAUSTED in {each.code() for each in singles}


def test_an_image_that_finds_no_room_in_time_is_an_error_in_its_place(
    settings: Settings, make_bundle: Callable[..., Path], tmp_path: Path, asked: Asked
) -> None:
    make_bundle(tmp_path / "slow" / "1", multiplications=120)
    full = replace(
        settings, models=tmp_path, metrics=False, warm_up_s=0, max_requests=1, timeout_s=0.3
    )
    with serve_in_background(full) as address, grpc.insecure_channel(str(address)) as channel:
        detection = DetectionServiceStub(channel)
        single = detection.Detect.future(asked(1))
        time.sleep(0.1)
        (answer,) = detection.DetectStream(iter([DetectStreamRequest(request=asked(1))]))
        single.cancel()
    assert answer.error.code == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
    assert "the deadline passed before there was room" in answer.error.message


def test_the_deadline_of_a_stream_ends_it(slow_server: DetectionServiceStub, asked: Asked) -> None:
    call = slow_server.DetectStream(iter(Counted(asked(1))), timeout=1)
    with pytest.raises(grpc.RpcError) as caught:
        list(call)
    assert _failed(caught).code() is grpc.StatusCode.DEADLINE_EXCEEDED
    _wait_for_a_place(slow_server)


def test_a_server_that_stops_ends_streams_when_what_it_has_read_is_answered(
    slow: Settings, asked: Asked
) -> None:
    with contextlib.ExitStack() as channels:
        with serve_in_background(slow) as address:
            channel = channels.enter_context(grpc.insecure_channel(str(address)))
            call = DetectionServiceStub(channel).DetectStream(iter(Counted(asked(1))))
            next(call)
            stopped = time.monotonic()
        assert time.monotonic() - stopped < 10  # not the 30 s that calls in flight have
        answered = []
        with pytest.raises(grpc.RpcError) as caught:
            answered += [each.WhichOneof("outcome") for each in call]
    assert set(answered) <= {"response"}
    assert _failed(caught).code() is grpc.StatusCode.UNAVAILABLE
    assert "what it has read is answered" in _failed(caught).details()

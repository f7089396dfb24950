"""How many bytes of requests a server takes at once, and who has to wait for whom."""

import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from tests.hostile.living import Living, living

from boxwright.ports import Address
from boxwright.rpc.requests import SLOW_S
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.transport import UNASKED_BYTES
from boxwright.v1.catalog_pb2 import ListModelsRequest
from boxwright.v1.catalog_pb2_grpc import CatalogServiceStub
from boxwright.v1.detection_pb2 import DetectRequest, RawImage
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

MIB = 1 << 20
DETECT = "/boxwright.v1.DetectionService/Detect"
LIST_MODELS = "/boxwright.v1.CatalogService/ListModels"
LARGE = DetectRequest(encoded=bytes(16 * MIB - 100))
SMALL = DetectRequest(raw=RawImage(height_px=64, width_px=64, rgb=bytes(64 * 64 * 3)))
CROWD = 30


@pytest.fixture
def channel(settings: Settings) -> Iterator[grpc.Channel]:
    """A channel to a server that has room for one request of each kind."""
    narrow = replace(settings, metrics=False, max_inside_bytes=settings.max_message_bytes)
    with serve_in_background(narrow) as address, grpc.insecure_channel(str(address)) as channel:
        yield channel


@pytest.fixture
def roomy(make_bundle: Callable[..., Path], tmp_path: Path) -> Iterator[Living]:
    """A server in a process of its own, with room for two of the largest requests."""
    make_bundle(tmp_path / "models" / "bright" / "1")
    limits = {"max_message_bytes": 16 * MIB, "max_inside_bytes": 32 * MIB}
    quick = {"device": "cpu", "threads": 1, "warm_up_s": 0}
    with living(tmp_path / "models", tmp_path / "log", **quick, **limits) as server:
        yield server


@contextmanager
def silent(channel: grpc.Channel, method: str) -> Iterator[Any]:
    """Yield a call whose request never comes."""
    never: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    call: Any = channel.stream_unary(method)
    future = call.future(iter(never.get, b""))
    try:
        yield future
    finally:
        future.cancel()
        never.put(b"")


def retry_after_ms(failed: Any) -> int:
    status = Status.FromString(dict(failed.trailing_metadata())["grpc-status-details-bin"])
    retry = RetryInfo()
    assert status.details[1].Unpack(retry)
    return int(retry.retry_delay.ToMilliseconds())


def test_large_messages_that_come_at_once_are_read_one_after_another(roomy: Living) -> None:
    before_mb = roomy.resident_mb()
    with grpc.insecure_channel(roomy.address) as channel:
        detection = DetectionServiceStub(channel)
        calls = [detection.Detect.future(LARGE) for _ in range(CROWD)]
        assert {call.code() for call in calls} == {grpc.StatusCode.INVALID_ARGUMENT}
    # All of them are 480 MB, and copies come to it.
    assert roomy.most_resident_mb() - before_mb < 250


def test_what_is_not_asked_for_stays_in_the_client(roomy: Living) -> None:
    with grpc.insecure_channel(roomy.address) as channel:
        detection = DetectionServiceStub(channel)
        health: Any = HealthStub(channel)
        with silent(channel, DETECT), silent(channel, DETECT):
            time.sleep(0.5)
            before_mb = roomy.resident_mb()
            calls = [detection.Detect.future(LARGE) for _ in range(CROWD)]
            time.sleep(1)
            assert roomy.resident_mb() - before_mb < CROWD * UNASKED_BYTES / MIB + 10
            told = health.Check(HealthCheckRequest(), timeout=5)  # on that same connection
            assert told.status == HealthCheckResponse.SERVING
            assert CatalogServiceStub(channel).ListModels(ListModelsRequest(), timeout=5).models
            for call in calls:
                call.cancel()


def test_one_that_comes_in_slowly_makes_way_when_others_wait(channel: grpc.Channel) -> None:
    with silent(channel, DETECT) as slow:
        time.sleep(0.1)
        began = time.monotonic()
        assert DetectionServiceStub(channel).Detect(SMALL, timeout=30).model == "bright"
        assert time.monotonic() - began < SLOW_S + 2
        assert slow.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "came in slowly, and others wait for its room" in slow.details()
        assert "BOXWRIGHT_MAX_INSIDE_BYTES (--max-inside-bytes)" in slow.details()
        assert retry_after_ms(slow) == 1000


def test_calls_without_images_wait_for_slow_ones_but_a_moment(channel: grpc.Channel) -> None:
    with silent(channel, LIST_MODELS) as slow:
        time.sleep(0.1)
        assert CatalogServiceStub(channel).ListModels(ListModelsRequest(), timeout=2).models
        assert slow.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_one_that_comes_in_slowly_has_its_time_where_nobody_waits(channel: grpc.Channel) -> None:
    with silent(channel, LIST_MODELS) as slow:
        time.sleep(1)  # four times what it has when others wait
        assert not slow.done()


def test_too_many_that_wait_for_room_are_refused_at_once(settings: Settings) -> None:
    narrow = replace(settings, metrics=False, max_inside_bytes=settings.max_message_bytes)
    places = 1 + settings.max_message_bytes // UNASKED_BYTES
    with serve_in_background(narrow) as address:
        assert refused(address, places) == 0
        assert refused(address, places + 3) == 3


def refused(address: Address, calls: int) -> int:
    """Return how many of so many calls, whose requests do not come, are refused in a second."""
    with (
        grpc.insecure_channel(str(address)) as channel,
        ThreadPoolExecutor(calls) as threads,
    ):

        def code(_: int) -> grpc.StatusCode | None:
            with silent(channel, DETECT) as call:
                time.sleep(1)
                return call.code() if call.done() else None

        codes = list(threads.map(code, range(calls)))
    assert set(codes) <= {None, grpc.StatusCode.RESOURCE_EXHAUSTED}
    return codes.count(grpc.StatusCode.RESOURCE_EXHAUSTED)


def test_calls_that_give_up_while_they_wait_leave_their_room(channel: grpc.Channel) -> None:
    detection = DetectionServiceStub(channel)
    with silent(channel, DETECT) as first:
        time.sleep(0.1)
        waiting = [detection.Detect.future(SMALL) for _ in range(3)]
        time.sleep(0.1)
        for call in waiting:
            call.cancel()
        first.cancel()
        assert detection.Detect(SMALL, timeout=2).model == "bright"

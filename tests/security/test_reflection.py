"""Streams of reflection may stay open, and hold up neither the memory of others nor a drain."""

import queue
import socket
import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub
from tests.hostile import http2
from tests.hostile.living import Living, living

from boxwright.rpc.reflection import MOST_BYTES
from boxwright.server import serve_in_background
from boxwright.settings import Settings

MIB = 1 << 20
CROWD = 24
REFLECTION = b"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
LIST = ServerReflectionRequest(list_services="")
PATIENCE_S = 0.5
FIRST_WINDOW = 65_535
INITIAL_WINDOW_SIZE = 4
MOST_OF_A_FRAME = 16_384


class Asking:
    """A stream of reflection that stays open."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._requests: queue.SimpleQueue[ServerReflectionRequest | None] = queue.SimpleQueue()
        stub: Any = ServerReflectionStub(channel)
        self.call = stub.ServerReflectionInfo(iter(self._requests.get, None))

    def ask(self, request: ServerReflectionRequest) -> Any:
        self._requests.put(request)
        return next(self.call)

    def close(self) -> None:
        self.call.cancel()
        self._requests.put(None)


@contextmanager
def asking(channel: grpc.Channel) -> Iterator[Asking]:
    stream = Asking(channel)
    try:
        yield stream
    finally:
        stream.close()


@pytest.fixture
def narrow(settings: Settings) -> Settings:
    """Settings with room for one request of reflection, and little patience."""
    return replace(
        settings,
        metrics=False,
        max_inside_bytes=settings.max_message_bytes,
        timeout_s=PATIENCE_S,
        drain_grace_s=30,
    )


@pytest.fixture
def channel(narrow: Settings) -> Iterator[grpc.Channel]:
    with serve_in_background(narrow) as address, grpc.insecure_channel(str(address)) as channel:
        yield channel


@pytest.fixture
def roomy(make_bundle: Callable[..., Path], tmp_path: Path) -> Iterator[Living]:
    """A server in a process of its own, with room for two of the largest requests of reflection."""
    make_bundle(tmp_path / "models" / "bright" / "1")
    limits = {"max_message_bytes": 16 * MIB, "max_inside_bytes": 128 * MIB}
    quick = {"device": "cpu", "threads": 1, "warm_up_s": 0}
    with living(tmp_path / "models", tmp_path / "log", **quick, **limits) as server:
        yield server


def half_sent(address: str, size: int) -> socket.socket:
    """Open a stream of reflection that sends so many bytes of a message, if it may, and stops."""
    host, _, port = address.rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=2)
    call = http2.fields(**{":path": REFLECTION})
    connection.sendall(http2.opened(http2.frame(http2.HEADERS, call, http2.END_HEADERS, 1)))
    left = http2.message(bytes(size), told=size + 1)
    windows = {0: FIRST_WINDOW, 1: FIRST_WINDOW}
    try:
        for kind, stream, body in frames(connection):
            if kind == http2.RST_STREAM:
                break
            if kind == http2.WINDOW_UPDATE:
                windows[stream] += int.from_bytes(body, "big")
            if kind == http2.SETTINGS:
                first = dict(struct.iter_unpack(">HI", body)).get(INITIAL_WINDOW_SIZE)
                windows[1] += 0 if first is None else first - FIRST_WINDOW
            while left and (fits := min(*windows.values(), MOST_OF_A_FRAME)) > 0:
                part, left = left[:fits], left[fits:]
                connection.sendall(http2.frame(http2.DATA, part, 0, 1))
                windows = {each: window - len(part) for each, window in windows.items()}
            if not left:
                break
    except TimeoutError:  # there is no room for more
        pass
    return connection


def frames(connection: socket.socket) -> Iterator[tuple[int, int, bytes]]:
    """Yield kind, stream and body of what comes."""
    with connection.makefile("rb") as source:
        while head := source.read(9):
            kind, _, stream = struct.unpack(">BBI", head[3:])
            yield kind, stream, source.read(int.from_bytes(head[:3], "big"))


def test_an_open_reflection_stream_does_not_hold_up_a_drain(settings: Settings) -> None:
    with ExitStack() as stack:
        with serve_in_background(replace(settings, metrics=False)) as address:
            channel = stack.enter_context(grpc.insecure_channel(str(address)))
            stream = stack.enter_context(asking(channel))
            assert stream.ask(LIST).list_services_response.service
            began = time.monotonic()
        assert time.monotonic() - began < settings.drain_grace_s / 3
        assert stream.call.code() is grpc.StatusCode.UNAVAILABLE
        assert "the server is stopping" in stream.call.details()


def test_reflection_streams_that_stop_amid_a_message_take_no_more_than_their_room(
    roomy: Living,
) -> None:
    before_mb = roomy.resident_mb()
    with ExitStack() as stack, ThreadPoolExecutor(CROWD) as threads:
        for one in threads.map(lambda _: half_sent(roomy.address, 15 * MIB), range(CROWD)):
            stack.enter_context(one)
        # All of them are 360 MB.
        assert roomy.most_resident_mb() - before_mb < 120
        channel = stack.enter_context(grpc.insecure_channel(roomy.address))
        stream = stack.enter_context(asking(channel))
        assert stream.ask(LIST).list_services_response.service


def test_an_idle_stream_makes_way_for_one_that_asks(channel: grpc.Channel) -> None:
    with asking(channel) as idle, asking(channel) as stream:
        assert idle.ask(LIST).list_services_response.service
        assert stream.ask(LIST).list_services_response.service
        assert idle.call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_stream_that_asks_nothing_for_long_ends_and_says_so(channel: grpc.Channel) -> None:
    with asking(channel) as stream:
        assert stream.ask(LIST).list_services_response.service
        assert stream.call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert stream.call.details() == (
            "no request was here whole after 0.5 s. Ask on a new stream."
        )


def test_a_name_that_is_no_name_is_refused(channel: grpc.Channel) -> None:
    with asking(channel) as stream, pytest.raises(grpc.RpcError) as caught:
        stream.ask(ServerReflectionRequest(file_containing_symbol="x" * MOST_BYTES))
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert f"reflection takes {MOST_BYTES}" in error.details()

"""Clients that are slow, silent or many cost others nothing."""

import queue
import resource
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from boxwright.client import Client, Credentials
from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.transport import MOST_CALLS_OF_A_CONNECTION

PATIENCE_S = 0.5
DETECT = "/boxwright.v1.DetectionService/Detect"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS = 0, 1, 3, 4
END_STREAM, END_HEADERS = 1, 4
MAX_CONCURRENT_STREAMS = 3
CROWD = 1000


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return a frame of HTTP/2 (RFC 9113, section 4.1)."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def frames(connection: socket.socket) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield kind, flags, stream and payload of what comes, until the connection ends."""
    with connection.makefile("rb") as source:
        while head := source.read(9):
            kind, flags, stream = struct.unpack(">BBI", head[3:])
            yield kind, flags, stream, source.read(int.from_bytes(head[:3], "big"))


def headers(path: str) -> bytes:
    """Return the headers of a call, spelt out (RFC 7541, section 6.2.2)."""
    fields = {
        ":method": "POST",
        ":scheme": "http",
        ":path": path,
        ":authority": "localhost",
        "te": "trailers",
        "content-type": "application/grpc",
    }
    return b"".join(
        bytes([0, len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
        for name, value in fields.items()
    )


def connected(address: Address) -> socket.socket:
    """Open a connection of HTTP/2 that calls nothing."""
    connection = socket.create_connection((address.host, address.port), timeout=30)
    connection.sendall(PREFACE + frame(SETTINGS, 0, 0))
    return connection


@pytest.fixture
def impatient(settings: Settings) -> Iterator[Address]:
    with serve_in_background(replace(settings, timeout_s=PATIENCE_S)) as address:
        yield address


def silent(address: Address) -> grpc.RpcError:
    """Call without ever sending the request, and return how that ends."""
    never: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    with grpc.insecure_channel(str(address)) as channel:
        call: Any = channel.stream_unary(DETECT)
        with pytest.raises(grpc.RpcError) as caught:
            call(iter(never.get, b""), timeout=30)
        never.put(b"")
    return caught.value


def test_a_call_whose_request_does_not_come_ends_in_time_and_is_told_why(
    impatient: Address,
) -> None:
    began = time.monotonic()
    error: Any = silent(impatient)
    assert PATIENCE_S <= time.monotonic() - began < 10
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert error.details() == (
        "the request was not here whole after 0.5 s, the most that it may take. Send less at "
        "once, or raise BOXWRIGHT_TIMEOUT_S (--timeout-s)."
    )


def test_a_caller_without_a_token_is_refused_before_its_request_is_here(
    settings: Settings, tmp_path: Path
) -> None:
    tokens = tmp_path / "tokens.toml"
    tokens.touch()
    with serve_in_background(replace(settings, tokens=tokens)) as address:
        error: Any = silent(address)
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_request_that_drips_in_is_cut_off_and_others_are_served_meanwhile(
    impatient: Address,
) -> None:
    with connected(impatient) as slow, Client(str(impatient), credentials=Credentials()) as client:
        message = b"\0" + struct.pack(">I", 1000) + b"half"
        began = time.monotonic()
        slow.sendall(frame(HEADERS, END_HEADERS, 1, headers(DETECT)) + frame(DATA, 0, 1, message))
        while time.monotonic() - began < PATIENCE_S / 2:
            slow.sendall(frame(DATA, 0, 1, b"x"))
            assert client.models()
        ends = (
            flags
            for kind, flags, stream, _ in frames(slow)
            if stream == 1 and kind in (HEADERS, RST_STREAM)
        )
        assert next(ends) & END_STREAM
        assert PATIENCE_S <= time.monotonic() - began < 10


def test_a_connection_may_have_so_many_calls_and_the_rest_wait_in_the_client(
    impatient: Address,
) -> None:
    with connected(impatient) as connection:
        kind, _, _, payload = next(frames(connection))
    assert kind == SETTINGS
    told = dict(struct.iter_unpack(">HI", payload))
    assert told[MAX_CONCURRENT_STREAMS] == MOST_CALLS_OF_A_CONNECTION


def test_a_call_without_a_request_is_refused(impatient: Address) -> None:
    with grpc.insecure_channel(str(impatient)) as channel:
        call: Any = channel.stream_unary(DETECT)
        with pytest.raises(grpc.RpcError, match="the call ended without a request") as caught:
            call(iter([]))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.slow
def test_who_connects_and_says_nothing_is_cut_off(impatient: Address) -> None:
    where = (impatient.host, impatient.port)
    began = time.monotonic()
    with socket.create_connection(where, timeout=60) as connection:
        for _ in frames(connection):
            pass  # the server speaks first
    assert time.monotonic() - began < 30


@pytest.mark.slow
def test_a_thousand_idle_connections_leave_a_client_served(settings: Settings) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # this process has both ends
    with ExitStack() as stack:
        address = stack.enter_context(serve_in_background(settings))
        client = stack.enter_context(Client(str(address), credentials=Credentials()))
        crowd = [stack.enter_context(connected(address)) for _ in range(CROWD)]
        for one in crowd:
            assert next(frames(one))[0] == SETTINGS
        began = time.monotonic()
        for _ in range(100):
            assert client.models()
        assert time.monotonic() - began < 10
        with Client(str(address), credentials=Credentials()) as another:
            assert another.models()

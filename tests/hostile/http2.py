"""HTTP/2 by hand, as no honest client writes it: half of it, wrong, or far too much.

Source:
    RFC 9113 (frames) and RFC 7541 (header fields; none is indexed or packed here).
"""

import contextlib
import random
import socket
import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType

START = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, WINDOW_UPDATE, CONTINUATION = (
    *(0, 1, 3, 4, 5, 6, 8, 9),
)
END_STREAM, END_HEADERS = 1, 4
PATIENCE_S = 2.0
DETECT = b"/boxwright.v1.DetectionService/Detect"


def frame(kind: int, body: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    return struct.pack(">I", len(body))[1:] + struct.pack(">BBI", kind, flags, stream) + body


def fields(**others: bytes) -> bytes:
    """Return the header fields of a call of Detect; `others` come behind, or instead."""
    own = {
        b":method": b"POST",
        b":scheme": b"http",
        b":path": DETECT,
        b":authority": b"localhost",
        b"content-type": b"application/grpc",
        b"te": b"trailers",
    }
    own |= {name.replace("_", "-").encode(): value for name, value in others.items()}
    return b"".join(b"\0" + string(name) + string(value) for name, value in own.items())


def string(text: bytes) -> bytes:
    """Return a string of RFC 7541, section 5.2."""
    if len(text) < 127:
        return bytes([len(text)]) + text
    left, length = len(text) - 127, bytearray(b"\x7f")
    while left >= 128:
        length.append(left % 128 + 128)
        left //= 128
    return bytes(length) + bytes([left]) + text


def call(stream: int, flags: int = END_HEADERS, **others: bytes) -> bytes:
    return frame(HEADERS, fields(**others), flags, stream)


def message(body: bytes, told: int | None = None, packed: int = 0) -> bytes:
    return struct.pack(">BI", packed, len(body) if told is None else told) + body


def opened(*frames: bytes) -> bytes:
    return b"".join((START, frame(SETTINGS), *frames))


Attack = Callable[[random.Random], bytes]
ATTACKS: Mapping[str, Attack] = MappingProxyType(
    {
        "nothing": lambda chance: b"",
        "half a greeting": lambda chance: START[: chance.randrange(len(START))],
        "noise": lambda chance: chance.randbytes(4000),
        "noise behind a greeting": lambda chance: START + chance.randbytes(4000),
        "HTTP/1.1": lambda chance: b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "a TLS greeting": lambda chance: b"\x16\x03\x01\x02\x00\x01\x00" + bytes(99),
        "a call without a request": lambda chance: opened(call(1)),
        "a call that ends at once": lambda chance: opened(call(1, END_HEADERS | END_STREAM)),
        "half a message": lambda chance: opened(
            call(1), frame(DATA, message(bytes(100), told=10_000), 0, 1)
        ),
        "half a message that ends": lambda chance: opened(
            call(1), frame(DATA, message(bytes(100), told=10_000), END_STREAM, 1)
        ),
        "a message of 4 GB": lambda chance: opened(
            call(1), frame(DATA, message(bytes(10), told=2**32 - 1), 0, 1)
        ),
        "a message packed by nobody knows what": lambda chance: opened(
            call(1), frame(DATA, message(bytes(10), packed=1), END_STREAM, 1)
        ),
        "half a frame": lambda chance: opened(call(1)[: chance.randrange(1, 60)]),
        "half the fields": lambda chance: opened(call(1, flags=0)),
        "fields without end": lambda chance: opened(
            call(1, flags=0), *[frame(CONTINUATION, fields(x=bytes(8000)), 0, 1)] * 20
        ),
        "fields of 1 MB": lambda chance: opened(
            *(call(1 + 2 * each, x_long=b"a" * 15_000) for each in range(70))
        ),
        "calls begun and dropped": lambda chance: opened(
            *(
                call(1 + 2 * each) + frame(RST_STREAM, struct.pack(">I", 8), 0, 1 + 2 * each)
                for each in range(300)
            )
        ),
        "pings": lambda chance: opened(*[frame(PING, bytes(8))] * 2000),
        "settings": lambda chance: opened(*[frame(SETTINGS)] * 2000),
        "a window without room": lambda chance: opened(
            frame(SETTINGS, struct.pack(">HI", 4, 0)),
            call(1),
            frame(DATA, message(b""), END_STREAM, 1),
        ),
        "a window over its limit": lambda chance: opened(
            *[frame(WINDOW_UPDATE, struct.pack(">I", 2**31 - 1))] * 3
        ),
        "a promise": lambda chance: opened(frame(PUSH_PROMISE, bytes(4) + fields(), 4, 1)),
        "a frame for a stream that never was": lambda chance: opened(frame(DATA, b"x", 0, 99)),
        "a wrong content type": lambda chance: opened(call(1, content_type=b"text/html")),
        "a wrong deadline": lambda chance: opened(call(1, grpc_timeout=b"-1x")),
        "no path": lambda chance: opened(frame(HEADERS, b"\x82\x86", END_HEADERS, 1)),
    }
)
"""What is sent, made by a chance that a seed repeats."""


def attack(address: str, sent: bytes, chance: random.Random) -> None:
    """Send bytes, and then leave at once, wait for the end, or wait a little."""
    host, _, port = address.rpartition(":")
    with (
        contextlib.suppress(OSError),  # the server may close, or be slow to
        socket.create_connection((host, int(port)), PATIENCE_S) as connection,
    ):
        connection.settimeout(chance.choice((0.01, 0.1, PATIENCE_S)))
        connection.sendall(sent)
        if chance.random() < 0.5:
            connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass

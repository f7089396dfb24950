"""One client's connection to a server: bytes go out, and the bytes of the answer come back.

Kept as light as can be, and on one event loop for all clients, since the client's work is done on
the cores of the server that is measured.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import grpc

PATIENCE_S = 60


class Failed(Exception):
    """The server answered with an error, or broke the connection off."""


class Connection(Protocol):
    """Asks one thing at a time."""

    async def ask(self, body: bytes) -> bytes:
        """Return the answer. Raises Failed."""

    async def close(self) -> None:
        """Hang up."""


class GrpcConnection:
    """A channel of its own."""

    def __init__(self, port: int, method: str) -> None:
        options = [("grpc.use_local_subchannel_pool", 1)]
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options)
        self._call: Callable[..., Awaitable[bytes]] = self._channel.unary_unary(method)

    async def ask(self, body: bytes) -> bytes:
        try:
            return await self._call(body, timeout=PATIENCE_S)
        except grpc.aio.AioRpcError as error:
            raise Failed(f"{error.code().name}: {error.details()}") from error

    async def close(self) -> None:
        await self._channel.close()


@dataclass
class HttpConnection:
    """HTTP/1.1, kept alive; opened at the first question, and again after a failure."""

    port: int
    path: str
    content_type: str
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, body: bytes) -> bytes:
        try:
            async with asyncio.timeout(PATIENCE_S):
                status, answer = await self._post(body)
        except (OSError, EOFError, TimeoutError) as error:
            await self.close()
            raise Failed(f"{type(error).__name__}: {error}") from error
        if status != 200:
            await self.close()
            raise Failed(f"HTTP {status}: {answer[:200].decode('utf-8', 'replace')}")
        return answer

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _post(self, body: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Content-Type: {self.content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        status, headers = await _head(reader)
        if headers.get("transfer-encoding") == "chunked":
            return status, await _chunks(reader)
        return status, await reader.readexactly(int(headers["content-length"]))


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = (line.split(":", 1) for line in lines if line)
    return int(first.split()[1]), {name.lower(): value.strip() for name, value in headers}


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int(await reader.readline(), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(parts)

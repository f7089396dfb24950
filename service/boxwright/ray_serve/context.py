"""A call of Serve's, as our services see calls."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn, Protocol

import grpc
from grpc import aio

from boxwright.rpc.edge import Metadata


class ServeContext(Protocol):
    """What Serve tells of a call, and lets be told to its caller once the call has returned."""

    def invocation_metadata(self) -> Metadata:
        """Return what came with the call."""

    def set_code(self, code: grpc.StatusCode) -> None:
        """Set the status."""

    def set_details(self, details: str) -> None:
        """Set the status's message."""

    def set_trailing_metadata(self, trailing_metadata: list[tuple[str, str | bytes]]) -> None:
        """Set what goes after the answer, besides Serve's own."""


class CallContext:
    """As much of grpc.aio.ServicerContext as our services and interceptors use."""

    def __init__(
        self,
        call: ServeContext,
        requests: AsyncIterator[bytes],
        write: Callable[[Any], Awaitable[None]],
    ) -> None:
        self._call = call
        self._requests = requests
        self._trailing: Metadata = ()
        self._code: grpc.StatusCode | None = None
        self.write = write

    async def read(self) -> Any:  # noqa: ANN401  Bytes, or the mark of the end.
        """Return the next request, or aio.EOF."""
        return await anext(self._requests, aio.EOF)

    def invocation_metadata(self) -> Metadata:
        """Return what came with the call."""
        return self._call.invocation_metadata()

    def time_remaining(self) -> None:
        """Serve does not tell a caller's deadline, but cancels the call when it passes."""

    def trailing_metadata(self) -> Metadata:
        """Return what was set to go after the answer."""
        return self._trailing

    def set_trailing_metadata(self, metadata: Metadata) -> None:
        """Let `metadata` go after the answer."""
        self._trailing = metadata
        self._call.set_trailing_metadata(list(metadata))

    def code(self) -> grpc.StatusCode | None:
        """Return the status that the call was ended with."""
        return self._code

    async def abort(
        self, code: grpc.StatusCode, details: str = "", trailing_metadata: Metadata = ()
    ) -> NoReturn:
        """End the call with a status. What the method returns after that is not sent."""
        self._code = code
        self._call.set_code(code)
        self._call.set_details(details)
        if trailing_metadata:
            self.set_trailing_metadata(trailing_metadata)
        raise aio.AbortError

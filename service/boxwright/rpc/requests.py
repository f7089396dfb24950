"""How requests come in: whole, in time, within the limit, and of the right type."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

from google.protobuf.message import DecodeError
from grpc import aio

from boxwright.rpc.incoming import Entry, Incoming
from boxwright_contract.errors import BadInput, DeadlinePassed, TooLarge

Context: TypeAlias = aio.ServicerContext[Any, Any]
Parse: TypeAlias = Callable[[bytes], Any]

OF_IMAGES = frozenset(
    ("/boxwright.v1.DetectionService/Detect", "/inference.GRPCInferenceService/ModelInfer")
)
"""The calls with one request that brings images."""
OF_HEALTH = "/grpc.health.v1.Health/"
SLOW_S = 5.0
"""For a large image over a slow line. Only where others wait for room."""
SLOW_WITHOUT_IMAGE_S = 0.25
PART = 4
"""Calls without images have one part in so many besides, and health calls another."""


class Requests:
    """Reads the requests of calls, which gRPC takes for streams of bytes.

    So a call can be refused before its request is here, one that drips in ends in time, and those
    for which there is no room wait outside.
    """

    def __init__(
        self,
        *,
        max_bytes: int,
        patience_s: float,
        max_inside_bytes: int = 0,
        shed: Callable[[], None] = lambda: None,
    ) -> None:
        """Describe how requests are read.

        Args:
            max_bytes: The most of one.
            patience_s: The most time for one to come in whole. Streams of requests may pause.
            max_inside_bytes: The most of all that bring images; one is let in in any case.
            shed: Told of each call with an image that finds no room.
        """
        self.max_bytes = max_bytes
        self._patience_s = patience_s
        part = max_inside_bytes // PART
        self._images = Incoming(max_inside_bytes, max_bytes, SLOW_S, shed)
        # Watches may stay for ever, and keep nothing of their request.
        self._health = Incoming(part, max_bytes, SLOW_WITHOUT_IMAGE_S, to_the_end=False)
        self._others = Incoming(part, max_bytes, SLOW_WITHOUT_IMAGE_S)

    def entered(self, method: str) -> AbstractContextManager[Entry]:
        """Return the room of one call of a method, given its path."""
        if method in OF_IMAGES:
            return self._images.entered()
        return (self._health if method.startswith(OF_HEALTH) else self._others).entered()

    async def one(self, context: Context, parse: Parse, entry: Entry) -> Any:  # noqa: ANN401  The method's own.
        """Return the request of a call that has just one.

        Raises:
            BadInput: None came, or it is not of the right type.
            DeadlinePassed: It was not here in time.
            Overloaded: There is no room for it.
            TooLarge: It is over the limit.
        """
        try:
            data = await entry.read(context.read, self._patience_s)
        except TimeoutError as error:
            raise DeadlinePassed(
                f"the request was not here whole after {self._patience_s:g} s, the most that it "
                "may take. Send less at once, or raise BOXWRIGHT_TIMEOUT_S (--timeout-s)."
            ) from error
        if data is aio.EOF:
            raise BadInput("the call ended without a request. Send one message.")
        return self._message(data, parse)

    def each(self, context: Context, parse: Parse) -> AsyncIterator[Any]:
        """Return the requests of a call that has many.

        One that is over the limit or not of the right type is raised, as `one` does, and then the
        next may be asked.
        """
        return _Each(context, lambda data: self._message(data, parse))

    def _message(self, data: bytes, parse: Parse) -> Any:  # noqa: ANN401  The method's own.
        if len(data) > self.max_bytes:
            raise TooLarge(
                f"the message has {len(data)} bytes, and this server takes {self.max_bytes}. Send "
                "a smaller one, or raise BOXWRIGHT_MAX_MESSAGE_BYTES (--max-message-bytes)."
            )
        try:
            return parse(data)
        except DecodeError as error:
            raise BadInput(
                f"the message of {len(data)} bytes cannot be read: it is not of the type that "
                "this method takes, or it is nested over 100 deep. Send that type, nested less."
            ) from error


class _Each(AsyncIterator[Any]):
    def __init__(self, context: Context, parse: Parse) -> None:
        self._context = context
        self._parse = parse

    async def __anext__(self) -> Any:  # noqa: ANN401  The method's own.
        data = await self._context.read()
        if data is aio.EOF:
            raise StopAsyncIteration
        return self._parse(data)

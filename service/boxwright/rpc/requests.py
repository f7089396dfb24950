"""How requests come in: whole, in time, within the limit, and of the right type."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from google.protobuf.message import DecodeError
from grpc import aio

from boxwright_contract.errors import BadInput, DeadlinePassed, TooLarge

Context: TypeAlias = aio.ServicerContext[Any, Any]
Parse: TypeAlias = Callable[[bytes], Any]


@dataclass(frozen=True, kw_only=True)
class Requests:
    """Reads the requests of calls, which gRPC takes for streams of bytes.

    So a call can be refused before its request is here, and one that drips in ends in time.
    """

    max_bytes: int
    patience_s: float
    """The most time for a request to come in whole. Streams of requests may pause."""

    async def one(self, context: Context, parse: Parse) -> Any:  # noqa: ANN401  The method's own.
        """Return the request of a call that has just one.

        Raises:
            BadInput: None came, or it is not of the right type.
            DeadlinePassed: It was not here in time.
            TooLarge: It is over the limit.
        """
        try:
            async with asyncio.timeout(self.patience_s):
                data = await context.read()
        except TimeoutError as error:
            raise DeadlinePassed(
                f"the request was not here whole after {self.patience_s:g} s, the most that it may "
                "take. Send less at once, or raise BOXWRIGHT_TIMEOUT_S (--timeout-s)."
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

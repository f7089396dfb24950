"""grpc.reflection.v1alpha: streams that ask for names, and how much of them is inside.

grpcio's own servicer takes any message at any time, and never ends a stream, which holds a drain up
to its last second.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

from grpc import aio
from grpc_reflection.v1alpha import reflection
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionServicer

from boxwright.rpc.incoming import Entry, Incoming
from boxwright.rpc.requests import PART, SLOW_WITHOUT_IMAGE_S
from boxwright.rpc.status import end, stopping
from boxwright.settings import Settings
from boxwright_contract.errors import DeadlinePassed, TooLarge

STOPPING = "the server is stopping. Ask another, or try again when it is back."
MOST_BYTES = 4096
"""Of a request: it asks for a name, and the answer repeats it."""


class ReflectionService(ServerReflectionServicer):
    """Tells clients what services there are, and their messages.

    A stream has room while it waits for a request, be it idle, and gives it up to others in a
    moment, or after the server's patience. Its client opens another when it has more to ask.
    """

    def __init__(self, services: Sequence[str], settings: Settings) -> None:
        self._answers: Any = reflection.aio.ReflectionServicer((*services, reflection.SERVICE_NAME))
        self._room = Incoming(
            settings.max_inside_bytes // PART,
            settings.max_message_bytes,
            SLOW_WITHOUT_IMAGE_S,
            to_the_end=False,
        )
        self._patience_s = settings.timeout_s
        self._open: set[asyncio.Timeout] = set()
        self._ending = False

    def end(self) -> None:
        """End every stream, now and from now on."""
        self._ending = True
        for limit in self._open:
            limit.reschedule(asyncio.get_running_loop().time())

    async def ServerReflectionInfo(
        self,
        requests: AsyncIterator[ServerReflectionRequest],
        context: aio.ServicerContext[Any, Any],
    ) -> None:
        """Answer one request after another. Errors: DeadlinePassed, Overloaded, TooLarge."""
        limit = asyncio.timeout(0 if self._ending else None)
        self._open.add(limit)
        try:
            async with limit:
                await self._answer_all(requests, context)
        except TimeoutError:
            pass
        finally:
            self._open.remove(limit)
        if limit.expired():
            await end(context, stopping(STOPPING))

    async def _answer_all(
        self,
        requests: AsyncIterator[ServerReflectionRequest],
        context: aio.ServicerContext[Any, Any],
    ) -> None:
        with self._room.entered() as entry:
            asked = self._asked(requests, entry)
            async for answer in self._answers.ServerReflectionInfo(asked, context):
                await context.write(answer)

    async def _asked(
        self, requests: AsyncIterator[ServerReflectionRequest], entry: Entry
    ) -> AsyncIterator[ServerReflectionRequest]:
        while (request := await self._next(requests, entry)) is not None:
            yield request

    async def _next(
        self, requests: AsyncIterator[ServerReflectionRequest], entry: Entry
    ) -> ServerReflectionRequest | None:
        """Return the next request, as soon as there is room for it; None: there are no more."""
        try:
            request: ServerReflectionRequest | None
            request = await entry.read(partial(anext, requests, None), self._patience_s)
        except TimeoutError as error:
            raise DeadlinePassed(
                f"no request was here whole after {self._patience_s:g} s. Ask on a new stream."
            ) from error
        if request is not None and request.ByteSize() > MOST_BYTES:
            raise TooLarge(
                f"the request has {request.ByteSize()} bytes, and reflection takes {MOST_BYTES}. "
                "Ask for the name of a service, a message or a file."
            )
        return request

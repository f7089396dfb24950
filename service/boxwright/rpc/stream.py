"""A stream of requests, answered side by side: how many at once, and in which order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

from grpc import aio

from boxwright.rpc.places import Places
from boxwright_contract.errors import BadInput

Request = TypeVar("Request")
Response = TypeVar("Response")


class Stream(Generic[Request, Response]):
    """One stream: at most `window` of its requests are in work, or answered and not read yet.

    No more requests are taken from the connection meanwhile, so a caller that does not read holds
    up itself alone, and costs as much memory as `window` answers.
    """

    def __init__(
        self,
        answer: Callable[[Request | BadInput], Awaitable[Response]],
        write: Callable[[Response], Awaitable[object]],
        *,
        window: int,
        room: Places,
    ) -> None:
        """Describe a stream.

        Args:
            answer: What becomes of a request, or of a message that cannot be read. Raises nothing.
            write: Sends an answer; it is ready when the caller has room for more.
            window: Most requests of this stream at once.
            room: For requests in work, shared with the other streams.
        """
        self._answer = answer
        self._write = write
        self._slots = asyncio.Semaphore(window)
        self._room = room
        self._turn = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None

    async def run(
        self,
        requests: AsyncIterator[Request],
        in_order: Callable[[Request | BadInput], bool],
    ) -> bool:
        """Answer all requests; if this is cancelled, so is what is in work.

        Returns whether all were taken, as they are unless it was told to stop reading.

        Args:
            requests: They may raise BadInput for one, and be asked for the next.
            in_order: Whether answers come as the requests did, by the first of them.
        """
        try:
            async with asyncio.TaskGroup() as group:
                self._reading = group.create_task(self._read(requests, in_order, group))
            return not self._reading.cancelled()
        finally:
            self._reading = None  # a group that is cancelled lives on, and with it the last images

    def stop_reading(self) -> None:
        """Take no more requests, so that `run` ends when those in work are answered."""
        if self._reading is not None:
            self._reading.cancel()

    async def _read(
        self,
        requests: AsyncIterator[Request],
        in_order: Callable[[Request | BadInput], bool],
        group: asyncio.TaskGroup,
    ) -> None:
        before: asyncio.Task[None] | None = None
        ordered: bool | None = None
        while True:
            await self._slots.acquire()
            try:
                request: Request | BadInput = await anext(requests)
            except BadInput as error:
                request = error
            except StopAsyncIteration:
                return
            if ordered is None:
                ordered = in_order(request)
            has_room = asyncio.Event()
            before = group.create_task(self._one(request, has_room, before if ordered else None))
            del request  # large
            await has_room.wait()

    async def _one(
        self,
        request: Request | BadInput,
        has_room: asyncio.Event,
        before: asyncio.Task[None] | None,
    ) -> None:
        async with self._room.place_of(self):
            has_room.set()
            response = await self._answer(request)
        del request  # large
        if before is not None:
            await asyncio.wait([before])
        try:
            async with self._turn:
                await self._write(response)
        except aio.InternalError:  # the caller is gone
            self.stop_reading()
        else:
            self._slots.release()

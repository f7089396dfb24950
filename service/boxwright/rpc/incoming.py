"""How many bytes of requests are inside: those that come in, and those in work."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from boxwright.transport import UNASKED_BYTES
from boxwright_contract.errors import Overloaded

LONGEST_WAIT_S = 10.0
"""For room. Who gets none in that time is refused."""
RETRY_AFTER_MS = 1000
LOOK_S = 0.05
"""The least time from one look for slow requests to the next."""


class Incoming:
    """Bounds the bytes of the requests that are inside.

    gRPC hands a message over whole, and tells its size only then. So a request takes room for the
    largest while it comes in, and for what it is from then on until its call ends. As long as there
    is no room it is not asked for, and of what is not asked for the transport keeps little.

    Where others wait for room, a request that takes over `slow_s` to come in makes way.
    """

    def __init__(
        self,
        most_bytes: int,
        largest: int,
        slow_s: float,
        shed: Callable[[], None] = lambda: None,
        *,
        to_the_end: bool = True,
    ) -> None:
        """Describe the room.

        Args:
            most_bytes: Of all requests. One of the largest has room in any case.
            largest: The most bytes of one.
            slow_s: How long one may take to come in when others wait.
            shed: Told of each that is refused.
            to_the_end: Whether a request has room until its call ends, or only while it comes in.
        """
        self.largest = largest
        self.to_the_end = to_the_end
        self._most = self._free = max(most_bytes, largest)
        self._slow_s = slow_s
        self._shed = shed
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._coming_in: dict[Entry, float] = {}
        """Since when, by the event loop's clock; oldest first."""
        self._next_look: asyncio.TimerHandle | None = None

    @contextmanager
    def entered(self) -> Iterator["Entry"]:
        """Yield a call's entry, whose room is its own until the block ends."""
        entry = Entry(self)
        try:
            yield entry
        finally:
            self.shrink(entry, 0)

    async def enter(self, entry: "Entry") -> None:
        """Give a call room for the largest request, as soon as there is.

        Raises:
            Overloaded: There is none in time, or too many wait for it.
        """
        if self._waiting or self._free < self.largest:
            await self._turn()
        else:
            self._free -= self.largest
        entry.held = self.largest
        self._coming_in[entry] = asyncio.get_running_loop().time()
        self._look_later()

    def shrink(self, entry: "Entry", held: int) -> None:
        """Take back what a call does not need any more: its request is here, or it is gone."""
        self._coming_in.pop(entry, None)
        self._free += entry.held - held
        entry.held = held
        while self._waiting and self._free >= self.largest:
            turn = self._waiting.popleft()
            if not turn.done():
                self._free -= self.largest
                turn.set_result(None)

    def refusal(self, what: str) -> Overloaded:
        """Return the error for a call, by what happened to it."""
        self._shed()
        return Overloaded(
            f"{what}. Try again in {RETRY_AFTER_MS} ms, or send less at once, or raise "
            "BOXWRIGHT_MAX_INSIDE_BYTES (--max-inside-bytes).",
            RETRY_AFTER_MS,
        )

    async def _turn(self) -> None:
        """Wait for room, and take it."""
        full = f"requests of {self._most} bytes are inside, which is all that this server holds"
        if len(self._waiting) * UNASKED_BYTES >= self._most:
            raise self.refusal(full)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._look_later()
        try:
            async with asyncio.timeout(LONGEST_WAIT_S):
                await turn
        except BaseException as error:
            with contextlib.suppress(ValueError):
                self._waiting.remove(turn)
            if not turn.cancelled():  # room came in the moment that the call gave up
                self._free += self.largest
            if isinstance(error, TimeoutError):
                raise self.refusal(full) from None
            raise

    def _look_later(self) -> None:
        """Plan the look for slow requests, if any may have to make way."""
        if self._next_look is None and self._waiting and self._coming_in:
            loop = asyncio.get_running_loop()
            oldest = next(iter(self._coming_in.values()))
            slow_at = max(oldest + self._slow_s, loop.time() + LOOK_S)
            self._next_look = loop.call_at(slow_at, self._look)

    def _look(self) -> None:
        """Let as many slow requests make way as others wait, the oldest first."""
        self._next_look = None
        before = asyncio.get_running_loop().time() - self._slow_s
        slow = [entry for entry, since in self._coming_in.items() if since <= before]
        for entry in slow[: len(self._waiting)]:
            entry.make_way()
        self._look_later()


class Entry:
    """The room of one call."""

    def __init__(self, room: Incoming) -> None:
        self.held = 0
        """Bytes."""
        self._room = room
        self._limit = asyncio.timeout(None)
        self._makes_way = False

    async def read(self, receive: Callable[[], Awaitable[Any]], patience_s: float) -> Any:  # noqa: ANN401  bytes, or EOF.
        """Return what is received when there is room for it, whose size it has from then on.

        Raises:
            Overloaded: There was no room in time, or it came in too slowly while others waited.
            TimeoutError: It was not here within `patience_s`.
        """
        try:
            async with asyncio.timeout(patience_s) as self._limit:
                await self._room.enter(self)
                data = await receive()
        except TimeoutError:
            if self._makes_way:
                raise self._room.refusal(
                    "the request came in slowly, and others wait for its room"
                ) from None
            raise
        stays = self._room.to_the_end and isinstance(data, bytes)
        self._room.shrink(self, len(data) if stays else 0)
        return data

    def make_way(self) -> None:
        """End the wait for the rest of the request."""
        if not self._limit.expired():  # it may have been too slow for itself just now
            self._makes_way = True
            self._limit.reschedule(asyncio.get_running_loop().time())

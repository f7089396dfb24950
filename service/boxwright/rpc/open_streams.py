"""The streams that are open: how many may be, their room, and how they end with the server."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from grpc import aio

from boxwright.rpc.places import Places
from boxwright.rpc.status import end, stopping
from boxwright.rpc.stream import Stream
from boxwright.settings import Settings
from boxwright_contract.errors import BadInput, Overloaded

RETRY_STREAM_AFTER_MS = 1000
"""Streams are long, so that nobody knows when one ends."""
STOPPING = (
    "the server is stopping, and what it has read is answered. Send the rest to another, or try "
    "again when it is back."
)

Request = TypeVar("Request")
Response = TypeVar("Response")


class OpenStreams:
    """The streams that are open, of whatever service.

    All together have half of the server's room, so that they leave some to single calls, and each
    leaves some of that to the others.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._room = Places(max(1, settings.max_requests // 2))
        self._open: set[Stream[Any, Any]] = set()
        self._ending = False

    async def run(
        self,
        answer: Callable[[Request | BadInput], Awaitable[Response]],
        requests: AsyncIterator[Request],
        context: aio.ServicerContext[Any, Any],
        in_order: Callable[[Request | BadInput], bool] = lambda first: True,
    ) -> None:
        """Answer the requests of a stream until it ends, or the server does.

        Args:
            answer: What becomes of a request, or of a message that cannot be read. Raises nothing.
            requests: They may raise BadInput for one, and be asked for the next.
            context: Of the call.
            in_order: Whether answers come as the requests did, by the first of them.

        Raises:
            Overloaded: Too many streams are open.
        """
        stream = Stream(answer, context.write, window=self._settings.stream_window, room=self._room)
        with self._counted(stream):
            taken_all = not self._ending and await stream.run(requests, in_order)
        if self._ending and not taken_all:
            await end(context, stopping(STOPPING))

    def end(self) -> None:
        """Take no more requests from any stream; each ends when those it sent are answered."""
        self._ending = True
        for stream in self._open:
            stream.stop_reading()

    @contextmanager
    def _counted(self, stream: Stream[Any, Any]) -> Iterator[None]:
        most = self._settings.max_streams
        if len(self._open) >= most:
            raise Overloaded(
                f"{most} streams are open, which is all this server takes. Try again in "
                f"{RETRY_STREAM_AFTER_MS} ms, or raise BOXWRIGHT_MAX_STREAMS (--max-streams), or "
                "start more servers.",
                RETRY_STREAM_AFTER_MS,
            )
        self._open.add(stream)
        try:
            yield
        finally:
            self._open.remove(stream)

"""Calls that Serve received, on their way through our interceptors to our services."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from grpc import aio

from boxwright.ray_serve.context import CallContext, ServeContext
from boxwright.rpc.edge import Handler, parts
from boxwright.services import Added

NOT_SENT = Empty()
"""Serve wants a message of every call; after a failure gRPC sends none."""


@dataclass(frozen=True)
class _Details(grpc.HandlerCallDetails):
    method: str
    invocation_metadata: tuple[tuple[str, str | bytes], ...]


class _Handlers:
    """What services are added to, in a server's place."""

    def __init__(self) -> None:
        self.by_path: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """Ignore what `add_registered_method_handlers` is told too."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        self.by_path |= {f"/{service}/{name}": its for name, its in handlers.items()}


class Dispatch:
    """Answers calls with services, behind interceptors."""

    def __init__(
        self, added: Sequence[Added], interceptors: Sequence[aio.ServerInterceptor]
    ) -> None:
        handlers: Any = _Handlers()
        for service, add in added:
            add(service, handlers)
        self._by_path = handlers.by_path
        self._interceptors = interceptors

    async def one(self, path: str, request: bytes, call: ServeContext) -> Message:
        """Return the answer to a call of one request. A failure is told to `call`."""

        async def requests() -> AsyncIterator[bytes]:
            yield request

        try:
            answer: Message = await self._answer(path, requests(), call, _writes_nothing)
        except aio.AbortError:
            return NOT_SENT
        return answer

    async def many(
        self, path: str, requests: AsyncIterator[bytes], call: ServeContext
    ) -> AsyncIterator[Message]:
        """Yield the answers to a stream of requests. A failure is told to `call`."""
        answers: asyncio.Queue[Message | None] = asyncio.Queue()

        async def write(answer: Message) -> None:
            answers.put_nowait(answer)
            await answers.join()  # until the caller has room for more

        async def answer_all() -> None:
            try:
                await self._answer(path, requests, call, write)
            except aio.AbortError:
                pass
            finally:
                answers.put_nowait(None)

        work = asyncio.create_task(answer_all())
        try:
            while (answer := await answers.get()) is not None:
                yield answer
                answers.task_done()
            await work  # or one that broke would end as if all were answered
        finally:
            work.cancel()
            await asyncio.wait([work])

    async def _answer(
        self,
        path: str,
        requests: AsyncIterator[bytes],
        call: ServeContext,
        write: Callable[[Message], Awaitable[None]],
    ) -> Any:  # noqa: ANN401  The method's own, None if it writes.
        async def found(details: grpc.HandlerCallDetails) -> Handler:
            handler: Handler = self._by_path[path]
            return handler

        outermost: Callable[..., Awaitable[Handler]] = found
        for interceptor in reversed(self._interceptors):
            outermost = partial(interceptor.intercept_service, outermost)
        handler = await outermost(_Details(path, tuple(call.invocation_metadata())))
        assert handler is not None
        _, method = parts(handler)
        return await method(requests, CallContext(call, requests, write))


async def _writes_nothing(answer: Message) -> None:
    raise AssertionError(f"a call of one answer wrote {answer}")

"""What every call passes, of whatever service: checks, reading, and errors to statuses."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import Message
from grpc import aio

from boxwright.rpc.incoming import Entry
from boxwright.rpc.requests import Context, Parse, Requests
from boxwright.rpc.status import end, ending

Metadata: TypeAlias = Sequence[tuple[str, str | bytes]]
Received: TypeAlias = AsyncIterator[bytes]
"""The messages of a call, be it one."""
Read: TypeAlias = Callable[[Context, Entry], Awaitable[Any]]
"""Gives a method what it takes: its one request, or the stream of them."""
Check: TypeAlias = Callable[[str, Metadata], None]
"""Raises where a call of a path may not go on. It runs before anything of the request is read."""
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"
"""None: no such method."""


class Edge(aio.ServerInterceptor):
    """Refuses what may not be asked or read; ends failed calls with the right status."""

    def __init__(self, requests: Requests, checks: Sequence[Check] = ()) -> None:
        self._requests = requests
        self._checks = checks

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the method's handler with this edge around it; None for an unknown method."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        _, method = parts(handler)
        around = self._streamed if inspect.isasyncgenfunction(method) else self._called
        parse = handler.request_deserializer or bytes
        build = (
            grpc.stream_stream_rpc_method_handler
            if handler.response_streaming
            else grpc.stream_unary_rpc_method_handler
        )
        return build(
            around(
                handler_call_details.method, method, self._read(handler.request_streaming, parse)
            ),
            request_deserializer=None,  # or a broken message would be the server's fault
            response_serializer=handler.response_serializer,
        )

    def _called(
        self,
        path: str,
        method: Callable[..., Awaitable[Message]],
        read: Read,
    ) -> Callable[..., object]:
        async def call(_: Received, context: Context) -> Message:
            try:
                self._check(path, context)
                with self._requests.entered(path) as entry:
                    return await method(await read(context, entry), context)
            except aio.AbortError:
                raise
            except Exception as error:  # noqa: BLE001  Whatever it is becomes a status.
                its = ending(error)
            return await end(context, its)

        return call

    def _streamed(
        self,
        path: str,
        method: Callable[..., AsyncIterator[Message]],
        read: Read,
    ) -> Callable[..., object]:
        async def call(_: Received, context: Context) -> AsyncIterator[Message]:
            try:
                self._check(path, context)
                with self._requests.entered(path) as entry:
                    async for response in method(await read(context, entry), context):
                        yield response
                    return
            except aio.AbortError:
                raise
            except Exception as error:  # noqa: BLE001  Whatever it is becomes a status.
                its = ending(error)
            await end(context, its)

        return call

    def _check(self, path: str, context: Context) -> None:
        metadata: Any = context.invocation_metadata() or ()
        for check in self._checks:
            check(path, metadata)

    def _read(self, many: bool, parse: Parse) -> Read:
        async def read(context: Context, entry: Entry) -> Any:  # noqa: ANN401  The method's.
            if many:
                return self._requests.each(context, parse)
            return await self._requests.one(context, parse, entry)

        return read


def parts(handler: "grpc.RpcMethodHandler[Any, Any]") -> tuple[Callable[..., Handler], Any]:
    """Return the function that builds a handler of this kind, and the method inside it."""
    match handler.request_streaming, handler.response_streaming:
        case False, False:
            return grpc.unary_unary_rpc_method_handler, handler.unary_unary
        case False, True:
            return grpc.unary_stream_rpc_method_handler, handler.unary_stream
        case True, False:
            return grpc.stream_unary_rpc_method_handler, handler.stream_unary
        case _:
            return grpc.stream_stream_rpc_method_handler, handler.stream_stream

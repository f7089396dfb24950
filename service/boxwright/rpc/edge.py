"""What every call passes, of whatever service: the message limit, and errors to statuses."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import Message
from grpc import aio

from boxwright.rpc.status import abort
from boxwright_contract.errors import TooLarge

Context: TypeAlias = aio.ServicerContext[Any, Any]
Request: TypeAlias = Message | AsyncIterator[Message]
"""A request, or a stream of them."""
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"
"""None: no such method."""


class Edge(aio.ServerInterceptor):
    """Refuses messages that are too large and ends failed calls with the right status."""

    def __init__(self, max_message_bytes: int) -> None:
        self._max_message_bytes = max_message_bytes

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the method's handler with this edge around it; None for an unknown method."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        build, method = _parts(handler)
        around = self._streamed if inspect.isasyncgenfunction(method) else self._called
        return build(
            around(method),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _called(self, method: Callable[..., Awaitable[Message]]) -> Callable[..., object]:
        async def call(request: Request, context: Context) -> Message:
            async with _statuses(context):
                return await method(self._checked(request), context)

        return call

    def _streamed(self, method: Callable[..., AsyncIterator[Message]]) -> Callable[..., object]:
        async def call(request: Request, context: Context) -> AsyncIterator[Message]:
            async with _statuses(context):
                async for response in method(self._checked(request), context):
                    yield response

        return call

    def _checked(self, request: Request) -> Request:
        """Return the request, or the stream, of which each message must be within the limit."""
        if isinstance(request, Message):
            return self._within_limit(request)
        return self._each_within_limit(request)

    async def _each_within_limit(self, requests: AsyncIterator[Message]) -> AsyncIterator[Message]:
        async for request in requests:
            yield self._within_limit(request)

    def _within_limit(self, request: Message) -> Message:
        size = request.ByteSize()
        if size > self._max_message_bytes:
            raise TooLarge(
                f"the message has {size} bytes, and this server takes {self._max_message_bytes}. "
                "Send a smaller image, or raise BOXWRIGHT_MAX_MESSAGE_BYTES (--max-message-bytes)."
            )
        return request


@asynccontextmanager
async def _statuses(context: Context) -> AsyncIterator[None]:
    try:
        yield
    except aio.AbortError:
        raise
    except Exception as error:  # noqa: BLE001  Whatever it is becomes a status.
        await abort(context, error)


def _parts(handler: "grpc.RpcMethodHandler[Any, Any]") -> tuple[Callable[..., Handler], Any]:
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

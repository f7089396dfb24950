"""What every call passes, of whatever service: size limit, parsing, and errors to statuses."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError, Message
from grpc import aio

from boxwright.rpc.status import abort
from boxwright_contract.errors import BadInput, TooLarge

Context: TypeAlias = aio.ServicerContext[Any, Any]
Received: TypeAlias = bytes | AsyncIterator[bytes]
"""A request, or a stream of them."""
Parse: TypeAlias = Callable[[bytes], Any]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"
"""None: no such method."""


class Edge(aio.ServerInterceptor):
    """Refuses messages that are too large or broken; ends failed calls with the right status."""

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
            around(method, handler.request_deserializer or bytes),
            request_deserializer=None,  # or a broken message would be the server's fault
            response_serializer=handler.response_serializer,
        )

    def _called(
        self, method: Callable[..., Awaitable[Message]], parse: Parse
    ) -> Callable[..., object]:
        async def call(received: Received, context: Context) -> Message:
            async with _statuses(context):
                return await method(self._parsed(received, parse), context)

        return call

    def _streamed(
        self, method: Callable[..., AsyncIterator[Message]], parse: Parse
    ) -> Callable[..., object]:
        async def call(received: Received, context: Context) -> AsyncIterator[Message]:
            async with _statuses(context):
                async for response in method(self._parsed(received, parse), context):
                    yield response

        return call

    def _parsed(self, received: Received, parse: Parse) -> Any:  # noqa: ANN401  As below.
        """Return the request, or the stream, of which each message must be sound."""
        if isinstance(received, bytes):
            return self._message(received, parse)
        return self._messages(received, parse)

    async def _messages(self, received: AsyncIterator[bytes], parse: Parse) -> AsyncIterator[Any]:
        async for data in received:
            yield self._message(data, parse)

    def _message(self, data: bytes, parse: Parse) -> Any:  # noqa: ANN401  The method's own type.
        if len(data) > self._max_message_bytes:
            raise TooLarge(
                f"the message has {len(data)} bytes, and this server takes "
                f"{self._max_message_bytes}. Send a smaller one, or raise "
                "BOXWRIGHT_MAX_MESSAGE_BYTES (--max-message-bytes)."
            )
        try:
            return parse(data)
        except DecodeError as error:
            raise BadInput(
                f"the message of {len(data)} bytes cannot be read: it is not of the type that "
                "this method takes, or it is nested over 100 deep. Send that type, nested less."
            ) from error


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

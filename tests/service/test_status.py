"""Errors become statuses at the edge, in unary and in streaming calls alike."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import BytesValue
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import aio

from boxwright.rpc.edge import Edge
from boxwright.rpc.requests import Requests
from boxwright_contract.errors import BadImage, Overloaded, UnknownName

LIMIT = 1000
SECRET = "/home/operator/secret"
ERRORS = {
    b"image": BadImage("it is not an image. Send one."),
    b"name": UnknownName("no such model. Choose another."),
    b"full": Overloaded("the server is full. Try again.", retry_after_ms=1250),
    b"long": BadImage("\N{SNOWMAN}" * 20_000),
    b"bug": KeyError(SECRET),
}


async def unary(request: BytesValue, context: aio.ServicerContext[Any, Any]) -> BytesValue:
    if request.value == b"slow":
        await asyncio.sleep(60)
    if request.value == b"abort":
        await context.abort(grpc.StatusCode.ABORTED, "on purpose")
    if request.value in ERRORS:
        raise ERRORS[request.value]
    return request


async def generator(
    request: BytesValue, context: aio.ServicerContext[Any, Any]
) -> AsyncIterator[BytesValue]:
    yield BytesValue(value=b"first")
    yield await unary(request, context)


async def writer(request: BytesValue, context: aio.ServicerContext[Any, Any]) -> None:
    await context.write(BytesValue(value=b"first"))
    await context.write(await unary(request, context))


async def collector(
    requests: AsyncIterator[BytesValue], context: aio.ServicerContext[Any, Any]
) -> BytesValue:
    answer = BytesValue()
    async for request in requests:
        answer = await unary(request, context)
    return answer


async def echo(
    requests: AsyncIterator[BytesValue], context: aio.ServicerContext[Any, Any]
) -> AsyncIterator[BytesValue]:
    async for request in requests:
        yield await unary(request, context)


async def call(kind: str, value: bytes) -> bytes:
    """Send `value` to a live server's method of that kind and return the last answer."""
    coders: dict[str, Any] = {
        "request_deserializer": BytesValue.FromString,
        "response_serializer": BytesValue.SerializeToString,
    }
    handlers: dict[str, Any] = {
        "unary": grpc.unary_unary_rpc_method_handler(unary, **coders),
        "generator": grpc.unary_stream_rpc_method_handler(generator, **coders),
        "writer": grpc.unary_stream_rpc_method_handler(writer, **coders),
        "collector": grpc.stream_unary_rpc_method_handler(collector, **coders),
        "echo": grpc.stream_stream_rpc_method_handler(echo, **coders),
    }
    server = aio.server(interceptors=[Edge(Requests(max_bytes=LIMIT, patience_s=60))])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Test", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    request = BytesValue(value=value)
    coding = (BytesValue.SerializeToString, BytesValue.FromString)
    try:
        async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            path = f"/test.Test/{kind}"
            match kind:
                case "unary":
                    return (await channel.unary_unary(path, *coding)(request)).value
                case "generator" | "writer":
                    stream = channel.unary_stream(path, *coding)(request)
                    return [answer.value async for answer in stream][-1]
                case "collector":
                    return (await channel.stream_unary(path, *coding)(iter([request]))).value
                case _:
                    both = channel.stream_stream(path, *coding)(iter([request]))
                    return [answer.value async for answer in both][-1]
    finally:
        await server.stop(None)


def failure(kind: str, value: bytes) -> tuple[aio.AioRpcError, list[Any]]:
    """Return the error of a call and the details that came with it."""
    with pytest.raises(aio.AioRpcError) as caught:
        asyncio.run(call(kind, value))
    binary: Any = caught.value.trailing_metadata()["grpc-status-details-bin"]
    status = Status.FromString(binary)
    details = []
    for packed, kind_ in zip(status.details, (ErrorInfo, RetryInfo), strict=False):
        detail = kind_()
        assert packed.Unpack(detail)
        details.append(detail)
    return caught.value, details


KINDS = pytest.mark.parametrize("kind", ["unary", "generator", "writer", "collector", "echo"])


@KINDS
def test_a_good_call_passes_the_edge_unchanged(kind: str) -> None:
    assert asyncio.run(call(kind, b"hello")) == b"hello"


@KINDS
def test_an_error_becomes_its_status_with_its_class_as_reason(kind: str) -> None:
    error, (info,) = failure(kind, b"image")
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.details() == "it is not an image. Send one."
    assert (info.reason, info.domain) == ("BadImage", "boxwright")


@KINDS
def test_an_unexpected_error_leaks_nothing_but_an_id_that_the_log_holds(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        error, (info,) = failure(kind, b"bug")
    assert error.code() is grpc.StatusCode.INTERNAL
    reference = info.metadata["id"]
    assert error.details() == f"internal error {reference}; see the server log"
    (record,) = [each for each in caplog.records if reference in each.getMessage()]
    assert record.exc_info is not None
    assert SECRET in str(record.exc_info[1])


@KINDS
def test_a_message_over_the_limit_names_the_setting(kind: str) -> None:
    error, (info,) = failure(kind, bytes(LIMIT))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "BOXWRIGHT_MAX_MESSAGE_BYTES (--max-message-bytes)" in str(error.details())
    assert f"{LIMIT + 3} bytes, and this server takes {LIMIT}" in str(error.details())
    assert info.reason == "TooLarge"


def test_a_message_of_any_length_fits_the_headers() -> None:
    error, (info,) = failure("unary", b"long")
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert info.reason == "BadImage"
    assert str(error.details()).endswith("\N{SNOWMAN}...")


def test_a_full_server_tells_when_to_try_again() -> None:
    error, (info, retry) = failure("unary", b"full")
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert info.reason == "Overloaded"
    assert retry.retry_delay.ToMilliseconds() == 1250


def test_a_status_that_a_method_set_itself_is_kept() -> None:
    with pytest.raises(aio.AioRpcError) as caught:
        asyncio.run(call("unary", b"abort"))
    assert caught.value.code() is grpc.StatusCode.ABORTED
    assert caught.value.details() == "on purpose"


def test_a_caller_that_gives_up_is_no_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(call("unary", b"slow"), timeout=0.5))
    assert "internal error" not in caplog.text

"""What surrounds every call, of whatever service: its id, its span, its count and its time."""

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc import aio

from boxwright.deadline import Deadline
from boxwright.rpc.edge import Handler, Received, parts
from boxwright.rpc.requests import Context
from boxwright.telemetry import request_ids, tracing
from boxwright.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

SLOW_S = 10.0
"""A single answer that takes longer is worth a warning."""

UNKNOWN = "unknown"
"""Stands for every service and method that there is not, of which callers could invent any."""


class Calls(aio.ServerInterceptor):
    """Names, traces, counts and times every call. Of what a call passes it is the outermost."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the method's handler, observed; None for an unknown method."""
        handler = await continuation(handler_call_details)
        if handler is None:
            self._metrics.began(UNKNOWN, UNKNOWN)
            self._metrics.ended(UNKNOWN, UNKNOWN, grpc.StatusCode.UNIMPLEMENTED.name, 0)
            return None
        build, method = parts(handler)
        around = self._streamed if inspect.isasyncgenfunction(method) else self._called
        return build(
            around(handler_call_details.method, method, handler.response_streaming),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _called(
        self, path: str, method: Callable[..., Awaitable[Message]], may_last: bool
    ) -> Callable[..., Awaitable[Message]]:
        async def call(received: Received, context: Context) -> Message:
            with self._observed(path, context, may_last):
                return await method(received, context)

        return call

    def _streamed(
        self, path: str, method: Callable[..., AsyncIterator[Message]], may_last: bool
    ) -> Callable[..., AsyncIterator[Message]]:
        async def call(received: Received, context: Context) -> AsyncIterator[Message]:
            with self._observed(path, context, may_last):
                async for response in method(received, context):
                    yield response

        return call

    @contextmanager
    def _observed(self, path: str, context: Context, may_last: bool) -> Iterator[None]:
        service, _, method = path.strip("/").partition("/")
        metadata: Any = context.invocation_metadata() or ()
        request_id = request_ids.id_of(metadata)
        request_ids.CURRENT.set(request_id)  # of this call's task, and with it it goes
        context.set_trailing_metadata(((request_ids.KEY, request_id),))
        span = tracing.begin_call(service, method, metadata, request_id)
        began = time.perf_counter()
        deadline = Deadline.after(context.time_remaining())
        self._metrics.began(service, method)
        code = grpc.StatusCode.UNKNOWN
        try:
            yield
            code = grpc.StatusCode.OK
        except aio.AbortError:
            code = context.code()
            raise
        except (asyncio.CancelledError, GeneratorExit):
            late = deadline.ends_calls
            code = grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.CANCELLED
            raise
        finally:
            seconds = time.perf_counter() - began
            self._metrics.ended(service, method, code.name, seconds)
            tracing.end_call(span, code)
            is_slow = seconds > SLOW_S and not may_last
            level = logging.WARNING if is_slow else logging.DEBUG
            log.log(level, "%s of %s: %s in %.3f s", method, service, code.name, seconds)

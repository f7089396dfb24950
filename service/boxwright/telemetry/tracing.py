"""Spans of calls and of their stages, for OpenTelemetry. They cost next to nothing when off.

They are on where the process has a tracer provider: see `boxwright.telemetry.trace_export`. A call
continues the trace of its caller, by W3C traceparent.
"""

import time
from collections.abc import Iterable, Sequence

import grpc
from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

PARENT = "traceparent"
SERVER_FAILURES = {
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
}
"""Codes that make a server's span an error, by OpenTelemetry's semantic conventions of gRPC."""

_propagator = TraceContextTextMapPropagator()


def begin_call(
    service: str, method: str, metadata: Iterable[tuple[str, str | bytes]], request_id: str
) -> Span:
    """Begin the span of a call, and make it the current one of this task until the task ends."""
    carrier = {key: value for key, value in metadata if isinstance(value, str)}
    parent = _propagator.extract(carrier) if PARENT in carrier else None
    if not _is_on():
        if parent is not None:
            contexts.attach(parent)  # the caller's trace, for log lines
        return INVALID_SPAN
    span = trace.get_tracer("boxwright").start_span(
        f"{service}/{method}",
        parent or contexts.Context(),
        SpanKind.SERVER,
        {
            "rpc.system": "grpc",
            "rpc.service": service,
            "rpc.method": method,
            "boxwright.request_id": request_id,
        },
    )
    contexts.attach(trace.set_span_in_context(span, parent))
    return span


def end_call(span: Span, code: grpc.StatusCode) -> None:
    """End the span of a call that ended with `code`."""
    if span.is_recording():
        span.set_attribute("rpc.grpc.status_code", code.value[0])
        if code in SERVER_FAILURES:
            span.set_status(StatusCode.ERROR, code.name)
        span.end()


def tell_stages(model: str, began: float, spent_ms: Sequence[tuple[str, float]]) -> None:
    """Give the current span a child for each stage of work, one after the other.

    Args:
        model: What did the work.
        began: When the first stage did, by time.perf_counter().
        spent_ms: The name and the time of each stage; those that took none are left out.
    """
    if not trace.get_current_span().is_recording():
        return
    tracer = trace.get_tracer("boxwright")
    moment_ns = time.time_ns() - round((time.perf_counter() - began) * 1e9)
    for stage, spent in spent_ms:
        if spent > 0:
            attributes = {"boxwright.device.model": model}
            span = tracer.start_span(stage, attributes=attributes, start_time=moment_ns)
            moment_ns += round(spent * 1e6)
            span.end(moment_ns)


def trace_id() -> str:
    """Return the id of the trace that this task is part of; empty if of none."""
    found = trace.get_current_span().get_span_context()
    return trace.format_trace_id(found.trace_id) if found.is_valid else ""


def _is_on() -> bool:
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)

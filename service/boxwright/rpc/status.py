"""Which status each error becomes: the one place where errors meet gRPC."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NoReturn

import grpc
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import aio

from boxwright.telemetry import request_ids
from boxwright_contract.errors import (
    BadInput,
    BoxwrightError,
    CannotChange,
    DeadlinePassed,
    NotAllowed,
    Overloaded,
    TooLarge,
    Unidentified,
    UnknownName,
)

log = logging.getLogger(__name__)

DOMAIN = "boxwright"
DETAILS_KEY = "grpc-status-details-bin"
PUSHBACK_KEY = "grpc-retry-pushback-ms"
NEVER = "-1"
MOST_MESSAGE_BYTES = 1_600
"""Of UTF-8. It travels twice, up to three times as long, in headers that may have 8 KiB in all."""

STATUSES: Mapping[type[BoxwrightError], grpc.StatusCode] = MappingProxyType(
    {
        BadInput: grpc.StatusCode.INVALID_ARGUMENT,
        TooLarge: grpc.StatusCode.RESOURCE_EXHAUSTED,
        UnknownName: grpc.StatusCode.NOT_FOUND,
        Unidentified: grpc.StatusCode.UNAUTHENTICATED,
        NotAllowed: grpc.StatusCode.PERMISSION_DENIED,
        CannotChange: grpc.StatusCode.FAILED_PRECONDITION,
        Overloaded: grpc.StatusCode.RESOURCE_EXHAUSTED,
        DeadlinePassed: grpc.StatusCode.DEADLINE_EXCEEDED,
    }
)
"""The errors that a caller can mend. The nearest class in an error's ancestry counts."""

CODES: Mapping[int, grpc.StatusCode] = MappingProxyType(
    {code.value[0]: code for code in grpc.StatusCode}
)
"""By number."""


def status_of(error: Exception) -> Status:
    """Return the status that an error becomes: its code, its message and its details.

    An error that no caller can mend is logged under the call's id, and nothing else of it gets out.
    """
    code, message, details = _told(error)
    log.debug("refused: %s: %s", code.name, message)
    status = Status(code=code.value[0], message=_shortened(message))
    for detail in details:
        status.details.add().Pack(detail)
    return status


@dataclass(frozen=True)
class Ending:
    """How a call ends. It holds nothing of the error, whose frames hold the request."""

    status: Status
    pushback: tuple[tuple[str, str], ...]


def ending(error: Exception) -> Ending:
    """Return how a call ends by an error."""
    return Ending(status_of(error), _pushback(error))


def stopping(message: str) -> Ending:
    """Return how a call ends that a server which stops does not finish."""
    return Ending(Status(code=grpc.StatusCode.UNAVAILABLE.value[0], message=message), pushback=())


async def abort(
    context: aio.ServicerContext[Any, Any],
    error: Exception,
    code: grpc.StatusCode | None = None,
) -> NoReturn:
    """End a call with the status that an error becomes; a protocol may want another code."""
    its = ending(error)
    if code is not None:
        its.status.code = code.value[0]
    del error
    await end(context, its)


async def end(context: aio.ServicerContext[Any, Any], its: Ending) -> NoReturn:
    """End a call; never while an error is handled, which gRPC would keep with what this raises."""
    status = its.status
    details = (DETAILS_KEY, status.SerializeToString())
    metadata = (*context.trailing_metadata(), details, *its.pushback)
    try:
        await context.abort(CODES[status.code], status.message, trailing_metadata=metadata)
    except aio.InternalError as gone:  # so is the caller, and gRPC would log it as our fault
        raise asyncio.CancelledError from gone


def _told(error: Exception) -> tuple[grpc.StatusCode, str, list[Message]]:
    for kind in type(error).__mro__:
        if kind in STATUSES:
            return STATUSES[kind], str(error), _details(error)
    reference = request_ids.CURRENT.get() or request_ids.id_of(())
    log.error("internal error %s", reference, exc_info=error)
    return (
        grpc.StatusCode.INTERNAL,
        f"internal error {reference}; see the server log",
        [ErrorInfo(reason="InternalError", domain=DOMAIN, metadata={"id": reference})],
    )


def _pushback(error: Exception) -> tuple[tuple[str, str], ...]:
    """Return what gRPC's own retries go by, in clients of whatever make that use them."""
    match error:
        case Overloaded(retry_after_ms=pause_ms):
            return ((PUSHBACK_KEY, str(pause_ms)),)
        case TooLarge():
            return ((PUSHBACK_KEY, NEVER),)
    return ()


def _shortened(message: str) -> str:
    encoded = message.encode(errors="replace")
    if len(encoded) <= MOST_MESSAGE_BYTES:
        return message
    return encoded[:MOST_MESSAGE_BYTES].decode(errors="ignore") + "..."


def _details(error: Exception) -> list[Message]:
    details: list[Message] = [ErrorInfo(reason=type(error).__name__, domain=DOMAIN)]
    if isinstance(error, Overloaded):
        retry = RetryInfo()
        retry.retry_delay.FromMilliseconds(error.retry_after_ms)
        details.append(retry)
    return details

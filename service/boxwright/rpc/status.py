"""Which status each error becomes: the one place where errors meet gRPC."""

import logging
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NoReturn

import grpc
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import aio

from boxwright_contract.errors import (
    BadInput,
    BoxwrightError,
    DeadlinePassed,
    Overloaded,
    TooLarge,
    UnknownName,
)

log = logging.getLogger(__name__)

DOMAIN = "boxwright"
DETAILS_KEY = "grpc-status-details-bin"
MOST_MESSAGE_BYTES = 1_600
"""Of UTF-8. It travels twice, up to three times as long, in headers that may have 8 KiB in all."""

STATUSES: Mapping[type[BoxwrightError], grpc.StatusCode] = MappingProxyType(
    {
        BadInput: grpc.StatusCode.INVALID_ARGUMENT,
        TooLarge: grpc.StatusCode.RESOURCE_EXHAUSTED,
        UnknownName: grpc.StatusCode.NOT_FOUND,
        Overloaded: grpc.StatusCode.RESOURCE_EXHAUSTED,
        DeadlinePassed: grpc.StatusCode.DEADLINE_EXCEEDED,
    }
)
"""The errors that a caller can mend. The nearest class in an error's ancestry counts."""


def status_of(error: Exception) -> tuple[grpc.StatusCode, str, list[Message]]:
    """Return the code, the message and the details of the status that an error becomes.

    An error that no caller can mend is logged under an id, and nothing else of it gets out.
    """
    for kind in type(error).__mro__:
        if kind in STATUSES:
            return STATUSES[kind], str(error), _details(error)
    reference = uuid.uuid4().hex[:12]
    log.error("internal error %s", reference, exc_info=error)
    return (
        grpc.StatusCode.INTERNAL,
        f"internal error {reference}; see the server log",
        [ErrorInfo(reason="InternalError", domain=DOMAIN, metadata={"id": reference})],
    )


async def abort(context: aio.ServicerContext[Any, Any], error: Exception) -> NoReturn:
    """End a call with the status that an error becomes."""
    code, message, details = status_of(error)
    log.debug("refused: %s: %s", code.name, message)
    message = _shortened(message)
    status = Status(code=code.value[0], message=message)
    for detail in details:
        status.details.add().Pack(detail)
    metadata = ((DETAILS_KEY, status.SerializeToString()),)
    await context.abort(code, message, trailing_metadata=metadata)


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

"""A failed call -> the error that the server raised, or why there was no answer."""

import grpc
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from boxwright.client.tls_failures import tls_trouble
from boxwright.rpc.status import DETAILS_KEY, DOMAIN
from boxwright_contract import errors
from boxwright_contract.errors import (
    BadInput,
    BoxwrightError,
    CannotChange,
    DeadlinePassed,
    NotAllowed,
    Overloaded,
    ServerFailed,
    TooLarge,
    Unidentified,
    UnknownName,
    Unreachable,
)

KINDS = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, BoxwrightError)
}

RETRY_AFTER_MS = 1000
"""Where a full server does not say."""


def error_from(failed: grpc.RpcError, address: str, timeout_s: float) -> BoxwrightError:
    """Return the error that a failed call to `address` stands for."""
    message = failed.details() or "no reason was given"
    told = _told(_status(failed), message)
    if told is not None:
        return told
    return _without_reason(failed.code(), message, address, timeout_s)


def closed(address: str) -> Unreachable:
    """Return the error for a client that is closed."""
    return Unreachable(f"the client was closed, so {address} is not asked any more. Open another.")


def error_in(status: Status) -> BoxwrightError:
    """Return the error that a server put in the place of an answer."""
    return _told(status, status.message) or ServerFailed(f"{status.message}. See the server's log.")


def _told(status: Status, message: str) -> BoxwrightError | None:
    """Return the error that a Boxwright server told; None: it was not one."""
    info, retry = ErrorInfo(), RetryInfo()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(retry)
    if info.domain != DOMAIN:
        return None
    kind = KINDS.get(info.reason, ServerFailed)
    if kind is Overloaded:
        return Overloaded(message, retry.retry_delay.ToMilliseconds())
    return kind(message)


def _status(failed: grpc.RpcError) -> Status:
    """Return the details that came with the failure, empty if none did."""
    for entry in failed.trailing_metadata() or ():
        if entry.key == DETAILS_KEY:
            return Status.FromString(entry.value)
    return Status()


def _without_reason(
    code: grpc.StatusCode, message: str, address: str, timeout_s: float
) -> BoxwrightError:
    """Return the error for a failure that was not told by a Boxwright server itself."""
    match code:
        case grpc.StatusCode.UNAVAILABLE:
            if trouble := tls_trouble(message):
                return Unreachable(f"no answer from {address}: {trouble}")
            reason = message.rpartition(": ")[2]
            return Unreachable(
                f"no server answers at {address} ({reason}). Start one with `boxwright serve`, or "
                "correct the address."
            )
        case grpc.StatusCode.CANCELLED if message.startswith("Channel closed"):
            return closed(address)
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return DeadlinePassed(
                f"{address} gave no answer within {timeout_s:g} s. Wait longer (timeout_s), or "
                "send less at once."
            )
        case grpc.StatusCode.UNIMPLEMENTED:
            return Unreachable(
                f"what answers at {address} is not this Boxwright ({message}). Correct the "
                "address, or install the same version on both sides."
            )
        case grpc.StatusCode.RESOURCE_EXHAUSTED if "larger than max" in message:
            return TooLarge(f"{message}. Send a smaller image.")
        case grpc.StatusCode.RESOURCE_EXHAUSTED:
            return Overloaded(f"{message}. Try again later.", RETRY_AFTER_MS)
        case grpc.StatusCode.INVALID_ARGUMENT:
            return BadInput(message)
        case grpc.StatusCode.UNAUTHENTICATED:
            return Unidentified(message)
        case grpc.StatusCode.PERMISSION_DENIED:
            return NotAllowed(message)
        case grpc.StatusCode.NOT_FOUND:
            return UnknownName(message)
        case grpc.StatusCode.FAILED_PRECONDITION:
            return CannotChange(message)
        case _:
            return ServerFailed(f"{address} failed: {message} ({code.name}). See its log.")

"""What calls of a hostile caller may end with."""

from typing import Any

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

Code = grpc.StatusCode

REFUSALS = {Code.INVALID_ARGUMENT, Code.RESOURCE_EXHAUSTED}
"""Of images that are wrong."""
OWN_FAULTS = {Code.INTERNAL, Code.UNKNOWN, Code.UNAVAILABLE, Code.DATA_LOSS}
"""No caller can mend them, so none may be able to cause them."""


def outcome(call: Any) -> str:
    """Return how a call ended: OK, or code and reason; it must be a refusal that is explained."""
    code = call.code()
    if code is Code.OK:
        return "OK"
    assert code in REFUSALS, (code, call.details())
    assert ". " in call.details(), call.details()  # what happened, then the cure
    metadata: Any = dict(call.trailing_metadata())
    status = Status.FromString(metadata["grpc-status-details-bin"])
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.domain, status.message) == ("boxwright", call.details())
    return f"{code.name} {info.reason}"

"""Turns calls away from a full server before anything of them is read."""

import grpc

from boxwright.admission import Admission
from boxwright.rpc.edge import Check
from boxwright.telemetry.metrics import Metrics
from boxwright_contract.errors import Overloaded

FOR_A_PLACE = frozenset(
    ("/boxwright.v1.DetectionService/Detect", "/inference.GRPCInferenceService/ModelInfer")
)
"""The calls that take a place for as long as they last. Streams wait for theirs instead."""


def room(admission: Admission, metrics: Metrics) -> Check:
    """Return the check that there is a place for a call that takes one."""

    def check(details: grpc.HandlerCallDetails) -> None:
        if details.method not in FOR_A_PLACE:
            return
        try:
            admission.check_room()
        except Overloaded:
            metrics.lost("", "shed")  # which model was wanted, is not read yet
            raise

    return check

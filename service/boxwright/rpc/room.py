"""Turns calls away from a full server before anything of them is read."""

from boxwright.admission import Admission
from boxwright.rpc.edge import Check, Metadata
from boxwright.rpc.requests import OF_IMAGES
from boxwright.telemetry.metrics import Metrics
from boxwright_contract.errors import Overloaded


def room(admission: Admission, metrics: Metrics) -> Check:
    """Return the check that there is a place for a call that takes one; streams wait for theirs."""

    def check(path: str, _: Metadata) -> None:
        if path not in OF_IMAGES:
            return
        try:
            admission.check_room()
        except Overloaded:
            metrics.lost("", "shed")  # which model was wanted, is not read yet
            raise

    return check

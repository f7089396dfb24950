"""Proposals that cannot be used are refused, and the first bad one is named, and the limit."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from numpy.typing import NDArray

from boxwright.client import Client
from boxwright.ports import Address
from boxwright.proposals.sent import Sent
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.detection_pb2 import Boxes, DetectRequest, Proposals, RawImage
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub
from boxwright_contract.errors import BadProposals

BLACK = np.zeros((64, 96, 3), np.uint8)
GOOD = (8, 8, 40, 40)
OUTSIDE = "lies outside the image"
EMPTY = "is inverted or empty"
NO_NUMBER = "has a number that is not finite"
CASES = {
    "over the left edge": ((-1.5, 0, 9, 9), OUTSIDE),
    "over the lower edge": ((0, 0, 9, 65.5), OUTSIDE),
    "far away": ((500, 500, 600, 600), OUTSIDE),
    "in the rim of one pixel only": ((96, 0, 97, 9), OUTSIDE),
    "inverted": ((40, 8, 8, 40), EMPTY),
    "without height": ((8, 8, 40, 8), EMPTY),
    "not a number": ((8, math.nan, 40, 40), NO_NUMBER),
    "without end": ((8, 8, math.inf, 40), NO_NUMBER),
    "without beginning": ((-math.inf, 8, 40, 40), NO_NUMBER),
    "of the largest numbers": ((-3e38, -3e38, 3e38, 3e38), OUTSIDE),
}


@pytest.mark.parametrize(("bad", "fault"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("model", ["whole", "chunked"])
def test_the_first_that_is_no_box_in_the_image_is_named(
    model: str, bad: tuple[float, ...], fault: str, client: Client
) -> None:
    boxes = np.array([GOOD, GOOD, bad, GOOD, bad], np.float32)
    with pytest.raises(BadProposals) as caught:
        client.detect(BLACK, model=model, proposals=boxes)
    assert str(caught.value).startswith("proposal 2, (")
    assert f") px, {fault}. Send x_min, y_min, x_max, y_max" in str(caught.value)
    assert "in the image of 96 x 64 px; at most 50 of them." in str(caught.value)


def test_the_bad_one_is_named_even_beyond_the_limit_of_use(client: Client) -> None:
    with pytest.raises(BadProposals, match=r"^proposal 1, \(40, 8, 8, 40\) px"):
        client.detect(BLACK, model="whole", proposals=[GOOD, (40, 8, 8, 40)], max_proposals=1)


def test_what_reaches_out_by_a_pixel_is_cut_off() -> None:
    sent = Sent([-1, -0.5, 97, 65, 95, 0, 96.5, 1], most=9, limit=9)
    assert sent.boxes(64, 96).tolist() == [[0, 0, 96, 64], [95, 0, 96, 1]]


def ask(address: Address, numbers: NDArray[np.float32]) -> grpc.RpcError:
    """Return the error for a request with these numbers as boxes."""
    request = DetectRequest(
        model="whole",
        raw=RawImage(height_px=64, width_px=96, rgb=BLACK.tobytes()),
        proposals=Proposals(boxes=Boxes(edges_px=numbers)),
    )
    options = [("grpc.max_send_message_length", -1)]
    with (
        grpc.insecure_channel(str(address), options=options) as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        DetectionServiceStub(channel).Detect(request)
    return caught.value


def test_numbers_that_are_no_boxes_are_refused_with_the_status_and_the_reason(
    address: Address,
) -> None:
    error = ask(address, np.ones(9, np.float32))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "9 numbers: proposal 2, the last, has 1. Send 4 for each" in str(error.details())
    metadata: Any = error.trailing_metadata()
    status = Status.FromString(dict(metadata)["grpc-status-details-bin"])
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.reason == "BadProposals"


def test_one_too_many_is_refused_by_its_index(address: Address) -> None:
    error = ask(address, np.tile(np.array(GOOD, np.float32), 51))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "51 proposals, and this server takes 50: proposal 50 is the first" in str(
        error.details()
    )
    assert "raise the server's BOXWRIGHT_MAX_PROPOSALS." in str(error.details())


def test_a_million_are_refused_at_once_by_a_server_as_it_comes(
    make_proposing: Callable[..., Path], tmp_path: Path
) -> None:
    make_proposing(tmp_path / "whole" / "1")
    settings = Settings(
        models=tmp_path, port=0, device="cpu", threads=1, drain_delay_s=0, warm_up_s=0
    )
    with serve_in_background(settings) as address:
        numbers = np.tile(np.array(GOOD, np.float32), 1_000_000)
        began = time.perf_counter()
        error = ask(address, numbers)
        assert time.perf_counter() - began < 5
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "1000000 proposals, and this server takes 4000: proposal 4000" in str(error.details())


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (np.zeros((3, 5)), r"came as \(3, 5\)"),
        (np.zeros(8), r"came as \(8,\)"),
        ([[0, 0, 9], [0, 0, 9, 9]], "are not numbers"),
        ([["a", 0, 9, 9]], "are not numbers"),
    ],
    ids=["five columns", "one row", "ragged", "text"],
)
def test_what_is_not_boxes_is_refused_before_it_is_sent(wrong: object, told: str) -> None:
    with pytest.raises(BadProposals, match=told):
        Client("127.0.0.1:1").detect(BLACK, proposals=wrong)  # type: ignore[arg-type]

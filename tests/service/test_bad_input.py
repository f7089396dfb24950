"""What cannot be used is refused with the right status, and the message holds the cure."""

import math
import struct
import time
import zlib
from typing import Any

import cv2
import grpc
import numpy as np
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from boxwright.v1.detection_pb2 import DetectRequest, DetectResponse, RawImage
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

INVALID = grpc.StatusCode.INVALID_ARGUMENT
NOT_FOUND = grpc.StatusCode.NOT_FOUND
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED

PIXEL = RawImage(height_px=1, width_px=1, rgb=b"\0\0\0")


def photo() -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    return cv2.imencode(".jpg", noise)[1].tobytes()


def png_header(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(width))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


CASES: dict[str, tuple[DetectRequest, grpc.StatusCode, str, str]] = {
    "no image at all": (DetectRequest(), INVALID, "BadInput", "Set `encoded`"),
    "zero bytes": (DetectRequest(encoded=b""), INVALID, "BadImage", "Send"),
    "not an image": (DetectRequest(encoded=b"hello" * 99), INVALID, "BadImage", "Send"),
    "truncated": (
        DetectRequest(encoded=photo()[:-900]),
        INVALID,
        "BadImage",
        "Send the whole file",
    ),
    "bomb": (
        DetectRequest(encoded=png_header(50_000, 50_000)),
        INVALID,
        "BadImage",
        "Send a smaller one",
    ),
    "over the pixel limit": (
        DetectRequest(encoded=png_header(2001, 2000)),
        INVALID,
        "BadImage",
        "over the limit of 4000000 pixels",
    ),
    "raw with too few bytes": (
        DetectRequest(raw=RawImage(height_px=2, width_px=2, rgb=b"\0" * 11)),
        INVALID,
        "BadImage",
        "has 11 bytes, not 12",
    ),
    "raw with too many bytes": (
        DetectRequest(raw=RawImage(height_px=2, width_px=2, rgb=b"\0" * 13)),
        INVALID,
        "BadImage",
        "has 13 bytes, not 12",
    ),
    "raw without height": (
        DetectRequest(raw=RawImage(width_px=2)),
        INVALID,
        "BadImage",
        "Send one of at least 1 x 1 px",
    ),
    "raw over the pixel limit": (
        DetectRequest(raw=RawImage(height_px=2**32 - 1, width_px=2**32 - 1)),
        INVALID,
        "BadImage",
        "Send a smaller one",
    ),
    "score over 1": (
        DetectRequest(raw=PIXEL, min_score=1.5),
        INVALID,
        "BadInput",
        "a number from 0 to 1",
    ),
    "score under 0": (
        DetectRequest(raw=PIXEL, min_score=-0.5),
        INVALID,
        "BadInput",
        "a number from 0 to 1",
    ),
    "score that is no number": (
        DetectRequest(raw=PIXEL, min_score=math.nan),
        INVALID,
        "BadInput",
        "a number from 0 to 1",
    ),
    "no detections wanted": (
        DetectRequest(raw=PIXEL, max_detections=0),
        INVALID,
        "BadInput",
        "Ask for at least 1",
    ),
    "unknown model": (
        DetectRequest(raw=PIXEL, model="brihgt"),
        NOT_FOUND,
        "UnknownName",
        "Did you mean 'bright'?",
    ),
    "unknown version": (
        DetectRequest(raw=PIXEL, version="11"),
        NOT_FOUND,
        "UnknownName",
        "Known: 10, 9",
    ),
    "unknown class": (
        DetectRequest(raw=PIXEL, classes=["red", "gren"]),
        NOT_FOUND,
        "UnknownName",
        "Did you mean 'green'?",
    ),
    "altered model": (
        DetectRequest(raw=PIXEL, model="altered"),
        NOT_FOUND,
        "UnknownName",
        "Copy the folder again",
    ),
    "message over the limit": (
        DetectRequest(encoded=bytes(1 << 20)),
        EXHAUSTED,
        "TooLarge",
        "--max-message-bytes",
    ),
}


def details(error: grpc.RpcError) -> ErrorInfo:
    """Return the google.rpc.ErrorInfo that came with a failed call."""
    metadata: Any = error.trailing_metadata()
    status = Status.FromString(dict(metadata)["grpc-status-details-bin"])
    assert (status.code, status.message) == (error.code().value[0], error.details())
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    return info


@pytest.mark.parametrize(("request_", "code", "reason", "cure"), CASES.values(), ids=CASES)
def test_bad_input_gets_a_status_a_reason_and_a_cure(
    request_: DetectRequest,
    code: grpc.StatusCode,
    reason: str,
    cure: str,
    detection: DetectionServiceStub,
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        detection.Detect(request_)
    assert caught.value.code() is code
    assert cure in str(caught.value.details())
    info = details(caught.value)
    assert (info.reason, info.domain) == (reason, "boxwright")


def test_a_message_just_at_the_limit_is_taken(detection: DetectionServiceStub) -> None:
    pixels = RawImage(height_px=500, width_px=699, rgb=bytes(500 * 699 * 3))
    request = DetectRequest(raw=pixels)
    assert request.ByteSize() < 1 << 20
    assert isinstance(detection.Detect(request), DetectResponse)


def test_a_bomb_is_refused_from_its_header(detection: DetectionServiceStub) -> None:
    bomb = DetectRequest(encoded=png_header(50_000, 50_000))
    started = time.perf_counter()
    with pytest.raises(grpc.RpcError):
        detection.Detect(bomb)
    assert time.perf_counter() - started < 0.1


def test_a_message_far_over_the_limit_is_cut_off_by_grpc(detection: DetectionServiceStub) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        detection.Detect(DetectRequest(encoded=bytes(5 << 20)))
    assert caught.value.code() is EXHAUSTED

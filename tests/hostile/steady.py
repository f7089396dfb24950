"""A caller that asks and asks, and knows what the answers must be."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
import numpy as np

from boxwright.v1.detection_pb2 import DetectRequest, DetectResponse, RawImage
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

HEIGHT_PX, WIDTH_PX = 64, 96
"""Nothing is resized."""


def asked(length_px: int) -> DetectRequest:
    """Ask about an image with a red line of that length, from 0 to 96."""
    pixels = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    pixels[0, :length_px, 0] = 255
    raw = RawImage(height_px=HEIGHT_PX, width_px=WIDTH_PX, rgb=pixels.tobytes())
    return DetectRequest(model="bright", raw=raw)


def check(answer: DetectResponse, length_px: int) -> None:
    """Check that such a line was found, and nothing else."""
    found = [(each.label, each.box.x_max_px, each.box.y_max_px) for each in answer.detections]
    assert found == ([("red", length_px, 1)] if length_px else [])


@dataclass
class Right:
    """How many answers were right; the first that was not ends the asking."""

    answers: int = 0
    wrong: BaseException | None = None


@contextmanager
def steady(channel: grpc.Channel) -> Iterator[Right]:
    """Ask until the block ends; every call must be answered, and rightly."""
    stub, over, right = DetectionServiceStub(channel), threading.Event(), Right()

    def ask() -> None:
        try:
            while not over.is_set():
                length_px = right.answers % WIDTH_PX
                check(stub.Detect(asked(length_px), timeout=30), length_px)
                right.answers += 1
        except BaseException as error:  # noqa: BLE001  Raised where the block ends.
            right.wrong = error

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        yield right
    finally:
        over.set()
        asker.join()
    if right.wrong is not None:
        raise right.wrong

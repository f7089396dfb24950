"""Images of streams whose answers are known: the n-th has a bright line of n pixels."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import grpc
import numpy as np
import pytest
from numpy.typing import NDArray

from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.detection_pb2 import DetectRequest, RawImage
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

Pixels = NDArray[np.uint8]
SIDES = (64, 96)


def line(length_px: int) -> Pixels:
    """Return an image with a red line of that length; nothing is resized."""
    pixels = np.zeros((*SIDES, 3), np.uint8)
    pixels[0, :length_px, 0] = 255
    return pixels


@pytest.fixture(scope="session")
def image() -> Callable[[int], Pixels]:
    """`image(n)` has a red line of n pixels, from 0 to 96."""
    return line


@pytest.fixture(scope="session")
def asked() -> Callable[[int], DetectRequest]:
    """`asked(n)` asks for the objects in `image(n)`."""

    def request(length_px: int) -> DetectRequest:
        height_px, width_px = SIDES
        rgb = line(length_px).tobytes()
        return DetectRequest(raw=RawImage(height_px=height_px, width_px=width_px, rgb=rgb))

    return request


@pytest.fixture
def slow(make_bundle: Callable[..., Path], settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a server whose model takes a good tenth of a second for an image."""
    make_bundle(tmp_path / "slow" / "1", multiplications=6)
    return replace(settings, models=tmp_path, max_batch=1, metrics=False, warm_up_s=0.1)


@pytest.fixture
def slow_server(slow: Settings) -> Iterator[DetectionServiceStub]:
    """A server with room for one stream and two requests, of which a stream has one."""
    small = replace(slow, max_streams=1, max_requests=2, stream_window=4)
    with serve_in_background(small) as address, grpc.insecure_channel(str(address)) as channel:
        yield DetectionServiceStub(channel)

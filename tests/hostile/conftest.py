"""A server in a process of its own, which nothing that is sent may bring down."""

from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from tests.hostile.living import Living, living

from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

MAX_PIXELS = 4_000_000
MAX_MESSAGE_BYTES = 1 << 20


@pytest.fixture(scope="session")
def server(
    make_bundle: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Living]:
    """A server of one quick model, with limits that tests can reach."""
    folder = tmp_path_factory.mktemp("hostile")
    make_bundle(folder / "models" / "bright" / "1")
    with living(
        folder / "models",
        folder / "log",
        device="cpu",
        threads=2,
        warm_up_s=0.2,
        max_message_bytes=MAX_MESSAGE_BYTES,
        max_pixels=MAX_PIXELS,
        timeout_s=20,
    ) as server:
        yield server


@pytest.fixture
def stub(server: Living) -> Iterator[DetectionServiceStub]:
    with grpc.insecure_channel(server.address) as channel:
        yield DetectionServiceStub(channel)

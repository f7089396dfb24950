"""Ten thousand damaged and forged images, single and in a stream, to one server."""

from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from tests.hostile.image_files import files
from tests.hostile.living import living
from tests.hostile.mutated_images import sent_in_a_stream, sent_one_by_one

from boxwright.v1.detection_pb2 import DetectRequest
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

IMAGES = 5_000
"""Of each way."""
SEED = 10_000
"""Others than those of the gate."""
MOST_GROWTH_MB = 150


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_mutated_images_leave_the_server_as_it_was(
    make_bundle: Callable[..., Path], tmp_path: Path, report: Callable[[str], None]
) -> None:
    make_bundle(tmp_path / "models" / "bright" / "1")
    sound = DetectRequest(encoded=files()["PNG"])
    with (
        living(tmp_path / "models", tmp_path / "log", device="cpu", threads=2) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        stub = DetectionServiceStub(channel)
        expected = stub.Detect(sound).detections
        sent_one_by_one(stub, 0, 200)
        before_mb, threads = server.resident_mb(), server.told("Threads")
        single = sent_one_by_one(stub, SEED, IMAGES)
        streamed = sent_in_a_stream(stub, SEED + IMAGES, IMAGES)
        report(f"single: {dict(single)}; in a stream, by code: {dict(streamed)}")
        report(f"memory: {before_mb:.0f} MB, then {server.resident_mb():.0f} MB")
        report(f"most of it: {server.most_resident_mb():.0f} MB")
        assert single.keys() == {"OK", "INVALID_ARGUMENT BadImage"}
        assert streamed.keys() == {"0", "3"}
        assert min(*single.values(), *streamed.values()) > IMAGES / 10
        assert stub.Detect(sound).detections == expected
        assert server.resident_mb() < before_mb + MOST_GROWTH_MB
        assert server.told("Threads") <= threads + 4  # gRPC has more at times
        assert server.troubles() == []

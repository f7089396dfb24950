"""Damaged and forged images: each is answered or refused, and the server lives on as it was."""

import grpc
from tests.hostile.image_files import HEIGHT_PX, WIDTH_PX, files
from tests.hostile.living import Living
from tests.hostile.mutated_images import sent_in_a_stream, sent_one_by_one

from boxwright.v1.detection_pb2 import DetectRequest
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

IMAGES = 300
MOST_GROWTH_MB = 150
"""Eight images of 4 million pixels at once are 96 MB."""


def test_every_sound_file_that_is_to_be_mutated_is_answered(stub: DetectionServiceStub) -> None:
    for name, data in files().items():
        size = stub.Detect(DetectRequest(encoded=data)).image_size
        assert {size.height_px, size.width_px} == {HEIGHT_PX, WIDTH_PX}, name


def test_mutated_images_are_answered_or_refused_and_the_server_lives_on(
    server: Living, stub: DetectionServiceStub
) -> None:
    sound = DetectRequest(encoded=files()["PNG"])
    expected = stub.Detect(sound).detections
    before_mb = server.resident_mb()
    ended = sent_one_by_one(stub, 0, IMAGES)
    assert ended.keys() == {"OK", "INVALID_ARGUMENT BadImage"}
    assert min(ended.values()) > IMAGES / 10
    assert stub.Detect(sound).detections == expected
    assert server.most_resident_mb() < before_mb + MOST_GROWTH_MB
    assert server.troubles() == []


def test_a_stream_of_mutated_images_goes_on_to_its_end(
    server: Living, stub: DetectionServiceStub
) -> None:
    ended = sent_in_a_stream(stub, IMAGES, IMAGES)
    assert ended.total() == IMAGES
    assert ended.keys() == {"0", str(grpc.StatusCode.INVALID_ARGUMENT.value[0])}
    assert server.troubles() == []

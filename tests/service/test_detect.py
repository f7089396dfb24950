"""Where the boxes are: exact answers from a live server, for images of any size."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from boxwright.v1.detection_pb2 import Box, DetectRequest, DetectResponse, RawImage
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

Pixels = NDArray[np.uint8]
ODD_SIZES = [(1, 1), (1, 5000), (5000, 1), (2, 3), (37, 41), (131, 190), (475, 681), (640, 100)]


def black(height: int, width: int) -> Pixels:
    return np.zeros((height, width, 3), np.uint8)


def three_areas() -> Pixels:
    """An image twice the model's size: red, green and blue areas of falling brightness."""
    image = black(128, 192)
    image[20:40, 60:100, 0] = 255
    image[64:128, 0:10, 1] = 204
    image[2:4, 180:192, 2] = 153
    return image


def raw(image: Pixels) -> RawImage:
    return RawImage(height_px=image.shape[0], width_px=image.shape[1], rgb=image.tobytes())


def corners(box: Box) -> tuple[float, float, float, float]:
    return box.x_min_px, box.y_min_px, box.x_max_px, box.y_max_px


def found(response: DetectResponse) -> list[tuple[str, tuple[float, float, float, float]]]:
    return [(each.label, corners(each.box)) for each in response.detections]


def test_boxes_are_in_pixels_of_the_image_as_sent(detection: DetectionServiceStub) -> None:
    response = detection.Detect(DetectRequest(raw=raw(three_areas()), min_score=0))
    assert found(response) == [
        ("red", (60, 20, 100, 40)),
        ("green", (0, 64, 10, 128)),
        ("blue", (180, 2, 192, 4)),
    ]
    assert [each.class_index for each in response.detections] == [0, 1, 2]
    assert [each.score for each in response.detections] == pytest.approx([1.0, 0.8, 0.6])


def test_an_encoded_image_gives_the_same_boxes_as_its_pixels(
    detection: DetectionServiceStub,
) -> None:
    image = three_areas()
    encoded = cv2.imencode(".png", image[..., ::-1])[1].tobytes()
    from_file = detection.Detect(DetectRequest(encoded=encoded))
    from_pixels = detection.Detect(DetectRequest(raw=raw(image)))
    assert from_file.detections == from_pixels.detections
    assert from_file.detections


@pytest.mark.parametrize(("height", "width"), ODD_SIZES)
def test_an_area_that_fills_the_image_fills_it_at_any_size(
    height: int, width: int, detection: DetectionServiceStub
) -> None:
    white = np.full((height, width, 3), 255, np.uint8)
    response = detection.Detect(DetectRequest(raw=raw(white)))
    assert len(response.detections) == 3
    for each in response.detections:
        assert corners(each.box) == pytest.approx((0, 0, width, height), rel=1e-6)
    assert (response.image_size.height_px, response.image_size.width_px) == (height, width)


@pytest.mark.parametrize(("height", "width"), ODD_SIZES)
def test_nothing_in_the_image_is_an_ordinary_answer(
    height: int, width: int, detection: DetectionServiceStub
) -> None:
    response = detection.Detect(DetectRequest(raw=raw(black(height, width))))
    assert not response.detections
    assert (response.image_size.height_px, response.image_size.width_px) == (height, width)


def test_the_model_decides_which_scores_count_unless_the_request_does(
    detection: DetectionServiceStub,
) -> None:
    image = raw(three_areas())
    by_default = detection.Detect(DetectRequest(raw=image))
    assert [each.label for each in by_default.detections] == ["red", "green"]
    strict = detection.Detect(DetectRequest(raw=image, min_score=1))
    assert [each.label for each in strict.detections] == ["red"]


def test_only_the_classes_that_are_asked_for_are_returned(detection: DetectionServiceStub) -> None:
    request = DetectRequest(raw=raw(three_areas()), min_score=0, classes=["blue", "red"])
    assert [each.label for each in detection.Detect(request).detections] == ["red", "blue"]


def test_most_detections_are_the_best_of_those_that_are_wanted(
    detection: DetectionServiceStub,
) -> None:
    request = DetectRequest(raw=raw(three_areas()), min_score=0, max_detections=2)
    assert [each.label for each in detection.Detect(request).detections] == ["red", "green"]
    request.classes.extend(["green", "blue"])
    request.max_detections = 1
    assert [each.label for each in detection.Detect(request).detections] == ["green"]


def test_the_answer_names_the_newest_version_by_number(detection: DetectionServiceStub) -> None:
    image = raw(black(8, 8))
    newest = detection.Detect(DetectRequest(raw=image, model="bright"))
    assert (newest.model, newest.version) == ("bright", "10")
    chosen = detection.Detect(DetectRequest(raw=image, model="bright", version="9"))
    assert (chosen.model, chosen.version) == ("bright", "9")


def test_a_client_that_names_no_model_gets_the_only_one(detection: DetectionServiceStub) -> None:
    assert detection.Detect(DetectRequest(raw=raw(black(8, 8)))).model == "bright"


def test_the_stages_take_no_longer_than_the_whole(detection: DetectionServiceStub) -> None:
    times = detection.Detect(DetectRequest(raw=raw(three_areas()))).times
    stages = (times.decode_ms, times.resize_ms, times.queue_ms, times.inference_ms)
    assert min(stages) > 0
    assert sum(stages) <= times.total_ms


def test_images_sent_together_are_answered_as_if_sent_alone(
    detection: DetectionServiceStub,
) -> None:
    random = np.random.default_rng(0)
    images = []
    for _ in range(24):
        image = black(int(random.integers(40, 300)), int(random.integers(40, 300)))
        x, y = int(random.integers(0, 30)), int(random.integers(0, 30))
        image[y : y + 9, x : x + 9, random.integers(0, 3)] = random.integers(128, 256)
        images.append(DetectRequest(raw=raw(image), min_score=0))
    alone = [detection.Detect(request) for request in images]
    together = [call.result() for call in [detection.Detect.future(request) for request in images]]
    assert [found(each) for each in together] == [found(each) for each in alone]

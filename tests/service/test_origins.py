"""Where detections come from: the level, the cell and what it sees."""

import numpy as np
import pytest

from boxwright.v1.detection_pb2 import Box, DetectRequest, RawImage
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub


def photo(height: int, width: int) -> RawImage:
    """Return black with a green pixel that outshines a green area, and a red area."""
    image = np.zeros((height, width, 3), np.uint8)
    image[10:20, 40:60, 1] = 200
    image[14, 50, 1] = 255
    image[30:, :20, 0] = 160
    return RawImage(height_px=height, width_px=width, rgb=image.tobytes())


def test_a_detection_tells_the_cell_it_comes_from_and_what_that_sees(
    detection: DetectionServiceStub,
) -> None:
    request = DetectRequest(raw=photo(64, 96), min_score=0, with_origins=True)
    green, red = detection.Detect(request).detections
    assert (green.label, green.origin.level) == ("green", "C0")
    assert (green.origin.cell_y, green.origin.cell_x) == (14, 50)
    assert green.origin.region == Box(x_min_px=50, y_min_px=14, x_max_px=51, y_max_px=15)
    assert (red.label, red.origin.cell_y, red.origin.cell_x) == ("red", 30, 0)


def test_the_region_is_in_pixels_of_the_image_as_sent(detection: DetectionServiceStub) -> None:
    image = np.zeros((128, 192, 3), np.uint8)
    image[60:80, 100:120, 2] = 255
    pixels = RawImage(height_px=128, width_px=192, rgb=image.tobytes())
    (blue,) = detection.Detect(DetectRequest(raw=pixels, with_origins=True)).detections
    assert (blue.origin.cell_y, blue.origin.cell_x) == (30, 50)
    assert blue.origin.region == Box(x_min_px=100, y_min_px=60, x_max_px=102, y_max_px=62)


@pytest.mark.parametrize("with_origins", [False, True])
def test_origins_come_only_where_they_are_asked_for(
    with_origins: bool, detection: DetectionServiceStub
) -> None:
    request = DetectRequest(raw=photo(64, 96), min_score=0, with_origins=with_origins)
    found = detection.Detect(request).detections
    assert len(found) == 2
    assert [each.HasField("origin") for each in found] == [with_origins] * 2


def test_origins_stay_with_their_detections_when_some_are_left_out(
    detection: DetectionServiceStub,
) -> None:
    request = DetectRequest(
        raw=photo(64, 96), min_score=0, classes=["red"], with_origins=True, max_detections=1
    )
    (red,) = detection.Detect(request).detections
    assert (red.label, red.origin.cell_y, red.origin.cell_x) == ("red", 30, 0)

"""Boxes are measured in the image as it looks, whichever way the camera stored it."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from boxwright.v1.detection_pb2 import Box, DetectRequest
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

ORIENTATION_TAG = 0x0112
PHOTOS = Path(__file__).parents[3] / "shared" / "data" / "photos" / "exif"

UNDO = {
    0: None,
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How an upright image is stored, by the EXIF orientation that turns it upright again."""


def corners(box: Box) -> tuple[float, float, float, float]:
    return box.x_min_px, box.y_min_px, box.x_max_px, box.y_max_px


def stored(upright: Image.Image, orientation: int, format: str) -> bytes:
    """Return the file of a camera that was held so."""
    turn = UNDO[orientation]
    image = upright if turn is None else upright.transpose(turn)
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    file = io.BytesIO()
    image.save(file, format, exif=exif, quality=100, subsampling=0, lossless=True)
    return file.getvalue()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", UNDO)
def test_all_nine_orientations_give_the_same_boxes(
    orientation: int, format: str, detection: DetectionServiceStub
) -> None:
    pixels = np.zeros((128, 192, 3), np.uint8)
    pixels[16:32, 64:96, :] = 255
    request = DetectRequest(encoded=stored(Image.fromarray(pixels), orientation, format))
    answer = detection.Detect(request)
    assert (answer.image_size.height_px, answer.image_size.width_px) == (128, 192)
    assert [corners(each.box) for each in answer.detections] == [(64, 16, 96, 32)] * 3


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="needs the shared photos, which are not shipped")
@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
@pytest.mark.parametrize("orientation", UNDO)
def test_a_photo_held_any_way_shows_the_same_bright_areas(
    orientation: int, shape: str, detection: DetectionServiceStub
) -> None:
    upright, turned = (
        detection.Detect(
            DetectRequest(encoded=(PHOTOS / f"{shape}_{turn}.jpg").read_bytes(), min_score=0)
        )
        for turn in (1, orientation)
    )
    assert turned.image_size == upright.image_size
    boxes = {each.label: corners(each.box) for each in upright.detections}
    assert set(boxes) == {"red", "green", "blue"}
    # Within a twelfth: each was compressed anew, and is decoded at an eighth of its size.
    for each in turned.detections:
        assert corners(each.box) == pytest.approx(boxes.pop(each.label), abs=150)
    assert not boxes

"""Every image format that is promised, in its odd variants, through a live server."""

import io
from collections.abc import Callable
from pathlib import Path

import grpc
import numpy as np
import pytest
from PIL import Image

from boxwright.v1.detection_pb2 import DetectRequest, DetectResponse
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

PHOTOS = Path(__file__).parents[3] / "shared" / "data" / "photos" / "derived"
BROKEN = {"not_an_image.jpg", "astronaut_truncated.jpg"}


def square() -> Image.Image:
    """A white square on black."""
    pixels = np.zeros((128, 192, 3), np.uint8)
    pixels[16:32, 64:96] = 255
    return Image.fromarray(pixels)


def file(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def transparent() -> Image.Image:
    """The square as a hole in an opaque black palette image, which is laid on white."""
    image = square().convert("P", palette=Image.Palette.ADAPTIVE, colors=2)
    hole = image.getpixel((70, 20))
    image.info["transparency"] = hole
    return image


def sixteen_bits() -> Image.Image:
    return Image.fromarray(np.asarray(square().convert("L")).astype(np.uint16) * 257)


FILES: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: file(square(), "JPEG", quality=100),
    "progressive JPEG": lambda: file(square(), "JPEG", quality=100, progressive=True),
    "grey JPEG": lambda: file(square().convert("L"), "JPEG", quality=100),
    "CMYK JPEG": lambda: file(square().convert("CMYK"), "JPEG", quality=100),
    "PNG": lambda: file(square(), "PNG"),
    "16-bit PNG": lambda: file(sixteen_bits(), "PNG"),
    "palette PNG with transparency": lambda: file(
        transparent(), "PNG", transparency=transparent().info["transparency"]
    ),
    "WebP": lambda: file(square(), "WEBP", lossless=True),
    "BMP": lambda: file(square(), "BMP"),
    "TIFF": lambda: file(square(), "TIFF"),
    "GIF": lambda: file(square(), "GIF"),
    "animated GIF, whose first frame counts": lambda: file(
        square(), "GIF", save_all=True, append_images=[Image.new("RGB", (192, 128), "white")]
    ),
}


@pytest.mark.parametrize("encode", FILES.values(), ids=FILES)
def test_a_white_square_is_found_whatever_the_format(
    encode: Callable[[], bytes], detection: DetectionServiceStub
) -> None:
    answer = detection.Detect(DetectRequest(encoded=encode()))
    assert (answer.image_size.height_px, answer.image_size.width_px) == (128, 192)
    boxes = [
        (each.box.x_min_px, each.box.y_min_px, each.box.x_max_px, each.box.y_max_px)
        for each in answer.detections
    ]
    assert boxes == [(64, 16, 96, 32)] * 3


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="needs the shared photos, which are not shipped")
def test_every_shared_photo_is_answered_or_refused_as_bad_input(
    detection: DetectionServiceStub,
) -> None:
    for photo in sorted(PHOTOS.iterdir()):
        call = detection.Detect.future(DetectRequest(encoded=photo.read_bytes()))
        if photo.name in BROKEN:
            assert call.code() is grpc.StatusCode.INVALID_ARGUMENT, photo.name
        else:
            assert isinstance(call.result(), DetectResponse), photo.name

"""Every kind of image file becomes the same kind of pixels."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from boxwright_contract.pixels import decode, read_header

Pixels = NDArray[np.uint8]
HEIGHT, WIDTH = 32, 48
LOSSY = 6
"""The most that a channel of the scene changes when it is stored with losses."""


def scene() -> Image.Image:
    """Return an image that is red to the right, green to the bottom: no two corners alike."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    blue = np.full_like(rows, 128)
    return Image.fromarray(np.stack([columns * 5, rows * 7, blue], axis=-1).astype(np.uint8))


def file_of(image: Image.Image, format: str, **options: Any) -> bytes:
    """Return an image as a file."""
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def furthest(found: Pixels, expected: Image.Image) -> int:
    """Return by how much the worst channel of the worst pixel is off."""
    assert found.dtype == np.uint8
    return int(np.abs(found.astype(int) - np.asarray(expected.convert("RGB"))).max())


@pytest.mark.parametrize(
    ("format", "options", "tolerance"),
    [
        ("JPEG", {"quality": 95, "subsampling": 0}, LOSSY),
        ("JPEG", {"quality": 95, "subsampling": 0, "progressive": True}, LOSSY),
        ("PNG", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("WEBP", {"quality": 95}, 2 * LOSSY),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("TIFF", {"compression": "tiff_adobe_deflate"}, 0),
    ],
)
def test_a_colour_image_of_each_format_is_read(
    format: str, options: dict[str, Any], tolerance: int
) -> None:
    data = file_of(scene(), format, **options)
    header = read_header(data)
    assert (header.format.upper(), header.height_px, header.width_px) == (format, HEIGHT, WIDTH)
    assert furthest(decode(data), scene()) <= tolerance


@pytest.mark.parametrize(("format", "tolerance"), [("JPEG", LOSSY), ("PNG", 0), ("TIFF", 0)])
def test_grey_is_spread_over_three_channels(format: str, tolerance: int) -> None:
    grey = scene().convert("L")
    assert furthest(decode(file_of(grey, format)), grey) <= tolerance


def test_a_cmyk_jpeg_has_its_colours() -> None:
    data = file_of(scene().convert("CMYK"), "JPEG", quality=95, subsampling=0)
    assert furthest(decode(data), scene()) <= 2 * LOSSY


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bits_are_scaled_to_8_and_not_clipped(format: str) -> None:
    deep = np.linspace(0, 65_535, HEIGHT * WIDTH).astype(np.uint16).reshape(HEIGHT, WIDTH)
    found = decode(file_of(Image.fromarray(deep), format))
    assert np.array_equal(found, np.stack([deep >> 8] * 3, axis=-1))


def test_16_bits_of_colour_are_scaled_too() -> None:
    deep = np.asarray(scene())[:, :, ::-1].astype(np.uint16) * 257
    _, data = cv2.imencode(".png", deep)
    assert furthest(decode(data.tobytes()), scene()) == 0


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_transparency_is_laid_on_white(format: str) -> None:
    glass = scene().convert("RGBA")
    glass.paste((10, 20, 30, 0), (0, 0, 16, HEIGHT))
    glass.paste((0, 0, 0, 128), (16, 0, 32, HEIGHT))
    found = decode(file_of(glass, format, **({"lossless": True} if format == "WEBP" else {})))
    assert np.all(found[:, :16] == 255)
    assert np.all(found[:, 16:32] == 127)
    assert np.array_equal(found[:, 32:], np.asarray(scene())[:, 32:])


def test_a_palette_with_transparency_is_laid_on_white() -> None:
    painted = Image.new("P", (WIDTH, HEIGHT), 0)
    painted.putpalette([200, 0, 0, 0, 0, 200])
    painted.paste(1, (24, 0, WIDTH, HEIGHT))
    found = decode(file_of(painted, "PNG", transparency=0))
    assert np.all(found[:, :24] == 255)
    assert np.all(found[:, 24:] == (0, 0, 200))


def test_grey_with_transparency_is_laid_on_white() -> None:
    ghost = Image.new("LA", (4, 4), (100, 0))
    assert np.all(decode(file_of(ghost, "PNG")) == 255)


def test_black_and_white_is_read() -> None:
    bilevel = scene().convert("1")
    assert furthest(decode(file_of(bilevel, "PNG")), bilevel) == 0


@pytest.mark.parametrize(
    ("format", "options"),
    [("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})],
)
def test_of_what_moves_the_first_frame_counts(format: str, options: dict[str, Any]) -> None:
    first, second = Image.new("RGB", (20, 10), "red"), Image.new("RGB", (20, 10), "blue")
    data = file_of(first, format, save_all=True, append_images=[second], **options)
    assert furthest(decode(data), first) == 0


@pytest.mark.parametrize("turn", range(9))
@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("JPEG", {"quality": 95, "subsampling": 0}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {}),
    ],
)
def test_an_orientation_is_applied_once(format: str, options: dict[str, Any], turn: int) -> None:
    tags = Image.Exif()
    tags[0x0112] = turn
    stored = scene()
    expected = turned(stored, turn)
    data = file_of(stored, format, exif=tags, **options)
    header = read_header(data)
    assert (header.width_px, header.height_px) == expected.size
    assert furthest(decode(data), expected) <= LOSSY


def turned(image: Image.Image, turn: int) -> Image.Image:
    """Return an image as it looks, by Pillow's own operations."""
    ways = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    return image.transpose(ways[turn]) if turn in ways else image


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1)])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_an_image_of_any_shape_is_an_image(format: str, size: tuple[int, int]) -> None:
    found = decode(file_of(Image.new("RGB", size, "white"), format))
    assert found.shape == (size[1], size[0], 3)
    assert found.min() >= 254


def test_pixels_can_be_written_to_whatever_decoded_them() -> None:
    for format in ("JPEG", "PNG", "GIF"):
        decode(file_of(scene(), format))[0, 0] = 1


def test_many_threads_decode_what_one_does() -> None:
    files = [file_of(scene(), f) for f in ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")]
    alone = [decode(data) for data in files]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(decode, files * 20))
    assert all(np.array_equal(a, b) for a, b in zip(alone * 20, together, strict=True))


PHOTOS = Path(__file__).parents[3] / "shared" / "data" / "photos"
needs_photos = pytest.mark.skipif(not PHOTOS.is_dir(), reason="the photos are not beside this repo")


@needs_photos
@pytest.mark.parametrize(
    "name",
    [
        "progressive.jpg",
        "exif6.jpg",
        "cmyk.jpg",
        "gray.jpg",
        "lossless.webp",
        "rgba.png",
        "rgb16.png",
        "palette.png",
        "gray16.png",
        "la.png",
    ],
)
def test_a_photo_in_every_kind_of_file_looks_the_same(name: str) -> None:
    plain = decode((PHOTOS / "derived" / "astronaut_base.jpg").read_bytes())
    if name.startswith(("gray", "la")):
        plain = np.stack([cv2.cvtColor(plain, cv2.COLOR_RGB2GRAY)] * 3, axis=-1)
    found = decode((PHOTOS / "derived" / f"astronaut_{name}").read_bytes())
    assert np.abs(found.astype(int) - plain).mean() < 4


@needs_photos
@pytest.mark.parametrize("photo", ["Landscape", "Portrait"])
def test_a_photo_in_all_nine_orientations_looks_the_same(photo: str) -> None:
    files = [PHOTOS / "exif" / f"{photo}_{turn}.jpg" for turn in range(9)]
    first, *others = [decode(file.read_bytes()).astype(int) for file in files]
    assert all(np.abs(other - first).mean() < 5 for other in others)

"""What is not an image that can be read is refused, and told why and what to do."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from boxwright_contract.errors import BadImage
from boxwright_contract.pixels import Limits, decode, read_header

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")


def file_of(format: str, size: tuple[int, int] = (64, 48), mode: str = "RGB") -> bytes:
    """Return a noisy image, which no format can pack into a few bytes, as a file."""
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(file, format)
    return file.getvalue()


def png_of(width_px: int, height_px: int) -> bytes:
    """Return a small PNG whose header claims a size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(100_000))
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", r"the image is empty: zero bytes\. Send a JPEG, PNG, WebP, BMP, TIFF or GIF file\."),
        (b"hello world", r"the 11 bytes are not an image of a known format\. Send a JPEG, PNG"),
        (b"<html><body>404", r"a web page or an SVG drawing, .* Check the address it came from\."),
        (b"/9j/4AAQSkZJRg", r"the bytes are base64 text, .* Decode it, send bytes\."),
        (b"%PDF-1.7\n", r"a PDF document, .* Send its pages as images\."),
        (b"\0\0\0\x18ftypheic\0\0\0\0", r"a HEIC photo, .* Send a JPEG, PNG, WebP"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", r"an AVIF image, .* Send a JPEG, PNG, WebP"),
        (b"\0\0\0\x20ftypisom\0\0\0\0", r"a video, .* Send its frames as images\."),
    ],
)
def test_what_is_not_an_image_is_named_with_a_cure(data: bytes, said: str) -> None:
    with pytest.raises(BadImage, match=said):
        read_header(data)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_refused_and_not_filled_with_grey(format: str, kept: float) -> None:
    data = file_of(format)
    with pytest.raises(BadImage, match=r"truncated.*\. Send the whole file\."):
        decode(data[: int(len(data) * kept)])


def test_a_truncated_jpeg_is_refused_though_its_thumbnail_is_whole() -> None:
    thumbnail = file_of("JPEG", (16, 16))
    tags = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + thumbnail
    data = file_of("JPEG")
    comment = b"\xff\xe1" + struct.pack(">H", len(tags) + 2) + tags
    whole = data[:2] + comment + data[2:]
    assert decode(whole).shape == (48, 64, 3)
    with pytest.raises(BadImage, match="it is truncated"):
        decode(whole[:-200])


def test_a_truncated_cmyk_jpeg_is_refused() -> None:
    with pytest.raises(BadImage, match="it is truncated"):
        decode(file_of("JPEG", mode="CMYK")[:-200])


@pytest.mark.parametrize("format", FORMATS)
def test_what_follows_an_image_in_its_file_does_not_matter(format: str) -> None:
    data = file_of(format)
    assert np.array_equal(decode(data + b"\0a film, as phones append it"), decode(data))


def test_pixels_of_no_known_range_are_refused() -> None:
    file = io.BytesIO()
    Image.new("F", (4, 4)).save(file, "TIFF")
    with pytest.raises(BadImage, match=r"32 bits, of no known range\. Save it with 8 or 16 bits"):
        decode(file.getvalue())


def test_an_image_over_the_limit_of_pixels_is_refused_and_the_limit_named() -> None:
    limits = Limits(max_pixels=64 * 48)
    assert decode(file_of("PNG"), limits).shape == (48, 64, 3)
    said = r"is 64 x 49 px, over the limit of 3072 pixels in all\. Send a smaller .* max_pixels"
    with pytest.raises(BadImage, match=said):
        decode(file_of("PNG", (64, 49)), limits)


def test_an_image_over_the_limit_of_a_side_is_refused() -> None:
    with pytest.raises(BadImage, match=r"70000 x 1 px, over the limit of 65535 px a side\. Send"):
        read_header(png_of(70_000, 1))


def test_the_photo_of_a_64_megapixel_phone_is_within_the_limits() -> None:
    assert read_header(png_of(9248, 6936)).width_px == 9248


BOMB = """
import pathlib, resource, sys, time
from boxwright_contract.errors import BadImage
from boxwright_contract.pixels import decode

data = pathlib.Path(sys.argv[1]).read_bytes()
before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
try:
    decode(data)
except BadImage as error:
    spent_ms = (time.process_time() - start) * 1e3
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    print(f"{spent_ms:.0f} {grown_kib} {error}")
"""


@pytest.mark.parametrize("format", ["PNG", "GIF", "BMP", "WEBP", "TIFF"])
def test_a_decompression_bomb_is_refused_from_its_header(tmp_path: Path, format: str) -> None:
    bomb = tmp_path / "bomb"
    bomb.write_bytes(bomb_of(format))
    command = [sys.executable, "-W", "error", "-c", BOMB, str(bomb)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    spent_ms, grown_kib, said = ran.stdout.split(maxsplit=2)
    assert "over the limit of 67108864 pixels" in said or "exceeds limit of" in said
    assert "Send a smaller one" in said
    assert int(spent_ms) < 100
    assert int(grown_kib) < 50 * 1024
    assert ran.stderr == ""


def bomb_of(format: str) -> bytes:
    """Return a small file of a huge image."""
    if format == "PNG":
        return png_of(50_000, 50_000)
    if format == "WEBP":
        side = struct.pack("<I", 50_000 - 1)[:3]
        header = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + side + side
        return b"RIFF" + struct.pack("<I", len(header)) + header
    data = bytearray(file_of(format, (4, 4)))
    if format == "GIF":
        data[6:10] = struct.pack("<HH", 50_000, 50_000)
    elif format == "BMP":
        data[18:26] = struct.pack("<II", 50_000, 50_000)
    else:
        for tag in (0x0100, 0x0101):
            at = data.index(struct.pack("<HHI", tag, 4, 1)) + 8
            data[at : at + 4] = struct.pack("<I", 50_000)
    return bytes(data)


@pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), format=st.sampled_from(FORMATS))
def test_a_damaged_file_is_decoded_or_refused_but_never_a_surprise(
    data: st.DataObject, format: str
) -> None:
    damaged = bytearray(file_of(format, (24, 16)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    try:
        header = read_header(bytes(damaged))
        pixels = decode(bytes(damaged))
    except BadImage:
        return
    assert pixels.shape == (header.height_px, header.width_px, 3)

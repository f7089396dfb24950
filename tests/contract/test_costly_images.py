"""Small files that would take minutes or all memory to open are refused in no time."""

import io
import random
import resource
import struct
import time
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from boxwright_contract import image_costs
from boxwright_contract.errors import BadImage
from boxwright_contract.pixels import decode, read_header

MEGABYTE = 1_000_000


def file_of(format: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48)).save(file, format)
    return file.getvalue()


def segmented(segment: bytes, size: int = 4 * MEGABYTE) -> bytes:
    jpeg = file_of("JPEG")
    return jpeg[:2] + segment * (size // len(segment)) + jpeg[2:]


def scanned(scans: int, side_px: int = 8000) -> bytes:
    """Return a grey progressive JPEG; each scan after the first tells of runs of empty blocks."""
    blocks = (side_px // 8) ** 2
    runs = "01" + "1" * 13
    bits = runs * -(-blocks // 32767)
    packed = int(bits + "1" * (-len(bits) % 8), 2).to_bytes(-(-len(bits) // 8), "big")
    table = bytes([1, *[0] * 15])
    return b"".join(
        (
            b"\xff\xd8\xff\xdb" + struct.pack(">HB", 67, 0) + b"\1" * 64,
            b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, side_px, side_px, 1) + b"\1\x11\0",
            b"\xff\xc4" + struct.pack(">HB", 20, 0x00) + table + b"\0",
            b"\xff\xc4" + struct.pack(">HB", 20, 0x10) + table + b"\xe0",
            b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\1\0\0\0\0" + bytes(blocks // 8 + 1),
            (b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\1\0\1\x3f\0" + stuffed(packed)) * scans,
            b"\xff\xd9",
        )
    )


def stuffed(data: bytes) -> bytes:
    return data.replace(b"\xff", b"\xff\0")


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def chunked(one: bytes, size: int = 4 * MEGABYTE, at: int = 33) -> bytes:
    png = file_of("PNG")
    return png[:at] + one * (size // len(one)) + png[at:]


def tiled(tiles: int) -> bytes:
    """Return a TIFF whose tiles are single pixels."""
    width_px = 1000
    tags = [(256, width_px), (257, tiles // width_px), (258, 8), (259, 1), (262, 1), (277, 1)]
    at = 8 + 2 + 12 * (len(tags) + 4) + 4
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    entries += struct.pack("<HHIIHHII", 322, 4, 1, 1, 323, 4, 1, 1)
    entries += struct.pack("<HHIIHHII", 324, 4, tiles, at, 325, 4, 1, 1)
    start = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags) + 4)
    return start + entries + bytes(4) + struct.pack("<I", 8) * tiles


def commented(blocks: int) -> bytes:
    """Return a GIF with a comment in pieces of one byte."""
    gif = file_of("GIF")
    at = 13 + 3 * (2 << (gif[10] & 7)) * (gif[10] >> 7)
    return gif[:at] + b"\x21\xfe\1a\0" * blocks + gif[at:]


def run_length_encoded(runs: int) -> bytes:
    body = b"\1\5" * runs + b"\0\1"
    header = struct.pack("<IiiHHIIiiII", 40, 8000, 500, 1, 8, 1, len(body), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 1078 + len(body), 0, 0, 1078) + header + bytes(1024) + body


PROFILE = chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(MEGABYTE)))
COSTLY: dict[str, tuple[Callable[[], bytes], str]] = {
    "JPEG of many scans": (lambda: scanned(1000), "over 100 scans"),
    "JPEG of many EXIF blocks": (
        lambda: segmented(b"\xff\xe1\0\x09Exif\0\0a"),
        "over 1000 segments",
    ),
    "JPEG of many comments": (lambda: segmented(b"\xff\xfe\0\2"), "over 1000 segments"),
    "JPEG of much filling": (lambda: segmented(b"\xff"), "over 500000 parts"),
    "PNG of many chunks": (lambda: chunked(chunk(b"abCd")), "over 100000 chunks"),
    "PNG of many chunks at its end": (
        lambda: chunked(chunk(b"abCd"), at=-12),
        "over 100000 chunks",
    ),
    "PNG of many profiles": (lambda: chunked(PROFILE, 400_000), "over 16 colour profiles"),
    "TIFF of many tiles": (lambda: tiled(4_000_000), "over 100000 tiles"),
    "GIF of many comments": (lambda: commented(1_000_000), "over 500000 parts"),
    "BMP of many runs": (lambda: run_length_encoded(4_000_000), "over 500000 parts"),
}


@pytest.mark.parametrize(("make", "said"), COSTLY.values(), ids=COSTLY)
def test_a_file_that_costs_too_much_to_open_is_refused_at_once(
    make: Callable[[], bytes], said: str
) -> None:
    data = make()
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    with pytest.raises(BadImage, match=rf"{said}.*\. Open it in an image editor, save it anew"):
        decode(data)
    assert time.process_time() - start < 2  # some 0.4 s here; without the limit, 4 s to minutes
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 100 << 10


def test_what_is_within_the_limits_is_decoded() -> None:
    assert decode(scanned(90, 800)).shape == (800, 800, 3)
    assert decode(segmented(b"\xff\xfe\0\2", 4 * 900)).shape == (48, 64, 3)
    assert decode(chunked(chunk(b"abCd"), 12 * 9_000)).shape == (48, 64, 3)
    assert decode(tiled(50_000)).shape == (50, 1000, 3)


@pytest.mark.parametrize("extension", [".jpg", ".png"])
def test_it_takes_a_small_part_of_the_time_of_decoding(extension: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (500, 750, 3), np.uint8)
    data = cv2.imencode(extension, cv2.resize(noise, (3000, 2000)))[1].tobytes()
    start = time.process_time()
    image_costs.check(read_header(data).format, data)
    checked = time.process_time()
    decode(data)
    assert checked - start < 0.2 * (time.process_time() - checked)


def test_scans_cannot_be_hidden_behind_markers_that_have_no_length() -> None:
    many = scanned(200, 80)
    first = many.index(b"\xff\xda") + 10
    hidden = many[:first] + b"\xff\x02\xff\xff" + many[first:]
    with pytest.raises(BadImage, match="over 100 scans"):
        read_header(hidden)


def test_a_tiff_that_points_far_outside_of_itself_is_refused_as_damaged() -> None:
    far = b"II+\0\x08\0\0\0" + b"\xff" * 8 + bytes(100)
    with pytest.raises(BadImage, match="damaged"):
        read_header(far)


def test_a_tiff_of_bad_rows_does_not_flood_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    file = io.BytesIO()
    Image.new("1", (64, 6000)).save(file, "TIFF", compression="group3")
    with TiffImagePlugin.TiffImageFile(io.BytesIO(file.getvalue())) as image:
        strips = zip(image.tag_v2[273], image.tag_v2[279], strict=True)
        damaged = bytearray(file.getvalue())
        for at, length in strips:
            damaged[at : at + length] = random.Random(0).randbytes(length)
    decode(bytes(damaged))
    assert capfd.readouterr().err == ""

"""A photo is turned as whoever looks at it sees it."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from boxwright_contract import exif


def block(orientation: int, order: str = "<", kind: int = 3) -> bytes:
    """Return an EXIF block that tells the camera's maker, then an orientation."""
    start = b"II*\0" if order == "<" else b"MM\0*"
    maker = struct.pack(f"{order}HHI4s", 0x010F, 2, 4, b"abc\0")
    turn = struct.pack(f"{order}HHIHxx", 0x0112, kind, 1, orientation)
    return start + struct.pack(f"{order}IH", 8, 2) + maker + turn + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_an_orientation_is_read_in_either_byte_order(turn: int, order: str) -> None:
    assert exif.orientation(block(turn, order)) == turn
    assert exif.orientation(b"Exif\0\0" + block(turn, order)) == turn


@pytest.mark.parametrize("nonsense", [0, 9, 65_535])
def test_an_orientation_that_does_not_exist_means_upright(nonsense: int) -> None:
    assert exif.orientation(block(nonsense)) == exif.UPRIGHT


def test_an_orientation_of_the_wrong_type_means_upright() -> None:
    assert exif.orientation(block(6, kind=2)) == exif.UPRIGHT


@given(st.binary(max_size=64), st.integers(0, 38))
def test_a_damaged_block_is_no_reason_to_refuse_a_photo(noise: bytes, at: int) -> None:
    damaged = block(6)[:at] + noise
    assert 1 <= exif.orientation(damaged) <= 8


@pytest.mark.parametrize("turn", range(1, 9))
def test_pixels_are_turned_as_pillow_turns_them(turn: int) -> None:
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    photo = Image.fromarray(pixels)
    photo.getexif()[0x0112] = turn
    expected = np.asarray(ImageOps.exif_transpose(photo))
    assert np.array_equal(exif.upright(pixels, turn), expected)
    assert exif.swaps_sides(turn) == (expected.shape[:2] == (3, 2))

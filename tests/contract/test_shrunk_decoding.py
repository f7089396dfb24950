"""A JPEG that is much larger than what a model takes is decoded at a fraction of its size."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from boxwright.cli.demo import PHOTO
from boxwright_contract.input_rule import InputRule
from boxwright_contract.pixels import Limits, decode, read_header, shrinkage

RULE = InputRule(short_side_px=320, long_side_px=448, divisor=32)


def large(height: int, width: int, extension: str = ".jpg", quality: int = 92) -> bytes:
    photo = decode(PHOTO.read_bytes(), Limits())[..., ::-1]
    enlarged = cv2.resize(photo, (width, height), interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(extension, enlarged, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def by(data: bytes) -> int:
    header = read_header(data)
    return shrinkage(header, *RULE.resized(header.height_px, header.width_px))


def as_seen(data: bytes, shrunk_by: int) -> NDArray[np.int16]:
    header = read_header(data)
    size = RULE.resized(header.height_px, header.width_px)
    return RULE.resize_to(decode(data, Limits(), shrunk_by), *size).astype(np.int16)


@pytest.mark.parametrize(
    ("height", "width", "wanted"),
    [(480, 640, 1), (1280, 1600, 2), (2560, 3072, 4), (5120, 5120, 8), (1281, 1600, 1)],
)
def test_it_is_left_at_twice_the_size_that_is_wanted(height: int, width: int, wanted: int) -> None:
    assert by(large(height, width)) == wanted


def test_only_a_jpeg_can_be_decoded_smaller() -> None:
    assert by(large(1280, 1600, ".png")) == 1


@pytest.mark.parametrize("size", [(1280, 1600), (2560, 3072)])
def test_a_model_sees_nearly_the_same_pixels(size: tuple[int, int]) -> None:
    data = large(*size)
    whole, shrunk = as_seen(data, 1), as_seen(data, by(data))
    assert np.abs(whole - shrunk).mean() < 0.5
    assert np.quantile(np.abs(whole - shrunk), 0.999) <= 4


def test_a_turned_jpeg_is_shrunk_and_turned() -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    plain = large(1280, 1600)
    turned = plain[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + plain[2:]
    assert decode(turned, Limits(), 2).shape == (800, 640, 3)
    np.testing.assert_array_equal(
        decode(turned, Limits(), 2), np.rot90(decode(plain, Limits(), 2), -1)
    )


def test_smaller_decoding_is_of_the_whole_picture() -> None:
    data = large(2560, 3072)
    shapes = [decode(data, Limits(), each).shape[:2] for each in (1, 2, 4, 8)]
    assert all((a // 2, b // 2) == smaller for (a, b), smaller in pairwise(shapes))

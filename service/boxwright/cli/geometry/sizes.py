"""Sizes on the command line: HxW, and channels before them."""

import re
from pathlib import Path

from boxwright_contract.errors import BadImage, BadSettings

_SIZE = re.compile(r"[0-9]{1,19}(x[0-9]{1,19}){0,3}")


def image_size(text: str, option: str) -> tuple[int, int]:
    """Return height and width of "480x640"; "224" is a square.

    Raises:
        BadSettings: It is no size.
    """
    sides = _numbers(text, option, "480x640, height and width, or 224 for a square")
    if len(sides) > 2:
        raise BadSettings(f"{option} is '{text}', which has {len(sides)} sides. Give HxW.")
    return sides[0], sides[-1]


def input_shape(text: str, option: str) -> tuple[int, tuple[int, ...]]:
    """Return channels and sides of "3x480x640", or "300x60" for one axis.

    Raises:
        BadSettings: It is no shape.
    """
    channels, *sides = _numbers(text, option, "3x480x640: channels, height, width")
    if not sides:
        raise BadSettings(f"{option} is '{text}', which has no sides. Give 3x480x640, say.")
    return channels, tuple(sides)


def size_of_photo(photo: Path | None, size: str | None) -> tuple[int, int]:
    """Return height and width of the upright image that --image or --size names.

    Raises:
        BadSettings: Neither or both are named, or the size is none.
        BadImage: The file cannot be read.
    """
    if photo is not None and size is not None:
        raise BadSettings("--image and --size both give the size. Leave out one of them.")
    if photo is None and size is None:
        raise BadSettings("the size of the image is needed. Give --image FILE or --size HxW.")
    if size is not None:
        return image_size(size, "--size")
    from boxwright_contract.pixels import Limits, decode

    height, width = decode(read_photo(photo), Limits()).shape[:2] if photo else (0, 0)
    return height, width


def read_photo(photo: Path) -> bytes:
    """Return the bytes of a file. Raises BadImage."""
    try:
        return photo.read_bytes()
    except OSError as error:
        raise BadImage(
            f"'{photo}' cannot be read: {error.strerror}. Check the path and its permissions."
        ) from error


def _numbers(text: str, option: str, wanted: str) -> list[int]:
    if not _SIZE.fullmatch(text):
        raise BadSettings(f"{option} is '{text}', which is no size. Give {wanted}.")
    return [int(side) for side in text.split("x")]

"""An image as sent -> upright pixels -> the size that a model takes."""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright.query import Encoded, Raw
from boxwright_contract.errors import BadImage
from boxwright_contract.input_rule import InputRule
from boxwright_contract.pixels import Limits, decode


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """An image at the size that a model takes, and how big it was."""

    pixels: NDArray[np.uint8]
    """(h, w, 3) RGB, resized."""
    height_px: int
    """Of the upright image as sent."""
    width_px: int
    decode_ms: float
    resize_ms: float


def prepare(image: Encoded | Raw, rule: InputRule, limits: Limits) -> Prepared:
    """Decode an image, turn it upright, and resize it.

    Raises:
        BadImage: It is not an image, or over the limits.
    """
    started = time.perf_counter()
    upright = decode(image.data, limits) if isinstance(image, Encoded) else _unpack(image, limits)
    decoded = time.perf_counter()
    resized = rule.resize(upright)
    return Prepared(
        pixels=resized,
        height_px=upright.shape[0],
        width_px=upright.shape[1],
        decode_ms=(decoded - started) * 1e3,
        resize_ms=(time.perf_counter() - decoded) * 1e3,
    )


def _unpack(image: Raw, limits: Limits) -> NDArray[np.uint8]:
    height, width = image.height_px, image.width_px
    if height < 1 or width < 1:
        raise BadImage(f"the raw image is {width} x {height} px. Send one of at least 1 x 1 px.")
    limits.check(height, width)
    if len(image.rgb) != height * width * 3:
        raise BadImage(
            f"the raw image of {width} x {height} px has {len(image.rgb)} bytes, not "
            f"{height * width * 3}. Send height * width * 3 bytes: red, green, blue for each pixel."
        )
    return np.frombuffer(image.rgb, np.uint8).reshape(height, width, 3)

"""An image as sent -> upright pixels -> the size that a model takes."""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright.query import Encoded, Raw
from boxwright_contract.errors import BadImage
from boxwright_contract.input_rule import InputRule
from boxwright_contract.pixels import Limits, decode, read_header, shrinkage


@dataclass(frozen=True, kw_only=True)
class Opened:
    """An image, decoded and upright."""

    pixels: NDArray[np.uint8]
    """(H, W, 3) RGB; at a fraction of its size where no more of it is needed."""
    height_px: int
    """Of the whole image."""
    width_px: int
    decode_ms: float


@dataclass(frozen=True, kw_only=True)
class Resized:
    """An image at the size that a model takes, and how big it was."""

    pixels: NDArray[np.uint8]
    """(h, w, 3) RGB."""
    height_px: int
    """Of the upright image as sent."""
    width_px: int
    resize_ms: float

    def to_image(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return `boxes` (n, 4) of the resized image in pixels of the image, clipped to it."""
        edge = np.array([self.width_px, self.height_px] * 2, np.float32)
        clipped: NDArray[np.float32] = np.clip(boxes * self._ratio(), 0, edge)
        return clipped

    def from_image(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return `boxes` (n, 4) of the upright image in pixels of the resized one."""
        height, width = self.pixels.shape[:2]
        edge = np.array([width, height] * 2, np.float32)
        clipped: NDArray[np.float32] = np.clip(boxes / self._ratio(), 0, edge)
        return clipped

    def _ratio(self) -> NDArray[np.float32]:
        """Return pixels of the image for each of the resized one: across, down, twice."""
        height, width = self.pixels.shape[:2]
        return np.array([self.width_px / width, self.height_px / height] * 2, np.float32)


def read(image: Encoded | Raw, limits: Limits, rule: InputRule | None = None) -> Opened:
    """Decode an image and turn it upright.

    Args:
        image: As sent.
        limits: How big it may be.
        rule: How it will be resized, where nobody needs more of it.

    Raises:
        BadImage: It is not an image, or over the limits.
    """
    started = time.perf_counter()
    if isinstance(image, Raw):
        upright = _unpack(image, limits)
        height, width = upright.shape[:2]
    else:
        header = read_header(image.data, limits)
        height, width = header.height_px, header.width_px
        by = 1 if rule is None else shrinkage(header, *rule.resized(height, width))
        upright = decode(image.data, limits, by)
    return Opened(
        pixels=upright,
        height_px=height,
        width_px=width,
        decode_ms=(time.perf_counter() - started) * 1e3,
    )


def resize(opened: Opened, rule: InputRule) -> Resized:
    """Return an image at the size that a model takes."""
    started = time.perf_counter()
    height, width = opened.height_px, opened.width_px
    pixels = rule.resize_to(opened.pixels, *rule.resized(height, width))
    spent_ms = (time.perf_counter() - started) * 1e3
    return Resized(pixels=pixels, height_px=height, width_px=width, resize_ms=spent_ms)


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

"""An image file -> upright RGB pixels: the one way that training, export and serving share.

Which library decodes what was measured; both give the same pixels where both are right.

    JPEG, grey or colour    OpenCV: 0.65 ms for 480 x 360 px where Pillow takes 1.0
    WebP, still and opaque  OpenCV: 1.8 ms where Pillow takes 2.3
    everything else         Pillow: OpenCV drops transparency, prints libpng's complaints to the
                            server's stderr, takes four times as long for a GIF, and saves a
                            seventh for PNG. That is PNG, GIF, BMP, TIFF, and the JPEG and WebP
                            files that are CMYK, transparent or animated.

Whichever decodes, the pixels are the same kind: 8 bits a channel (16 bits keep their high byte,
which divides by 257 to within rounding), grey spread over three channels, transparency laid on
white as a browser shows it, the first frame of what moves, and turned upright. Colour profiles
are not applied. A file that ends early is refused, where OpenCV 4 and browsers would show grey.
"""

import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from boxwright_contract import exif, image_costs, libtiff_complaints
from boxwright_contract.errors import BadImage
from boxwright_contract.image_formats import format_of

# Opened directly and not through Image.open, whose bomb check warns where ours refuses, and which
# reads all frames' headers of a phone's multi-picture JPEG.
_OPENERS: MappingProxyType[str, Callable[[io.BytesIO], ImageFile]] = MappingProxyType(
    {
        "JPEG": JpegImageFile,
        "PNG": PngImageFile,
        "WebP": WebPImageFile,
        "BMP": BmpImageFile,
        "TIFF": TiffImageFile,
        "GIF": GifImageFile,
    }
)
_END_OF_JPEG = b"\xff\xd9"
_SHRUNK = MappingProxyType({1: 0, 2: 16, 4: 32, 8: 64})
"""OpenCV's flags of what a JPEG can be decoded smaller by."""
_SPARE = 2
"""A JPEG is decoded smaller where it is left at least so many times the size that is wanted."""

# What is wrong with a file is told to who sent it, and is no news for the log.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
libtiff_complaints.silence()
logging.getLogger("PIL").setLevel(logging.CRITICAL)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How big an image may be, told by its header before anything is decoded."""

    max_pixels: int = 2**26
    """Height times width. The default holds the photo of a 64-megapixel phone; 192 MiB decoded."""
    max_side_px: int = 65_535
    """The longest side that a JPEG can have."""

    def check(self, height_px: int, width_px: int) -> None:
        """Raise BadImage if an image of that size is over a limit."""
        size = f"the image is {width_px} x {height_px} px"
        if height_px * width_px > self.max_pixels:
            raise BadImage(
                f"{size}, over the limit of {self.max_pixels} pixels in all. Send a smaller one, "
                "or raise max_pixels."
            )
        if max(height_px, width_px) > self.max_side_px:
            raise BadImage(
                f"{size}, over the limit of {self.max_side_px} px a side. Send it in parts."
            )


@dataclass(frozen=True, kw_only=True)
class Header:
    """What an image file says about itself."""

    format: str
    """As in `image_formats.FORMATS`."""
    height_px: int
    """Of the image as it looks, upright."""
    width_px: int
    orientation: int
    """EXIF orientation that is still to be applied to the decoded rows."""


def read_header(data: bytes, limits: Limits = Limits()) -> Header:
    """Return what an image file says about itself; nothing is decoded.

    Raises:
        BadImage: It is not an image file that can be read, or over the limits.
    """
    return _open(data, limits)[0]


def shrinkage(header: Header, height_px: int, width_px: int) -> int:
    """Return by how much a file can be decoded smaller when it will be resized to that size.

    Only a JPEG can: its blocks hold the image at an eighth, a fourth and half its size, averaged as
    resizing would do. The sides must be multiples, so that no pixel is half outside.

    Returns:
        1, 2, 4 or 8.
    """
    if header.format != "JPEG":
        return 1
    most = min(header.height_px / height_px, header.width_px / width_px) / _SPARE
    fitting = (
        by for by in _SHRUNK if by <= most and not (header.height_px % by or header.width_px % by)
    )
    return max(fitting, default=1)


def decode(data: bytes, limits: Limits = Limits(), shrunk_by: int = 1) -> NDArray[np.uint8]:
    """Return the pixels (H, W, 3) RGB of an image file, upright.

    Args:
        data: The whole file.
        limits: How big the image may be.
        shrunk_by: Decode a JPEG at that fraction of its size; see `shrinkage`.

    Raises:
        BadImage: It is not an image file that can be read, is damaged, or is over the limits.
    """
    header, image = _open(data, limits)
    with _refusing_damage(header.format):
        by_opencv = _opencv_is_right(header.format, image)
        pixels = _by_opencv(data, shrunk_by) if by_opencv else _by_pillow(image)
        return exif.upright(pixels, header.orientation)


def _open(data: bytes, limits: Limits) -> tuple[Header, ImageFile]:
    """Read a file's header, and check it against the limits."""
    format = format_of(data)
    image_costs.check(format, data)
    with _refusing_damage(format):
        file = image_costs.CountedFile(data)
        image = _OPENERS[format](file)
        # Pillow has read up to the first scan. A thumbnail before it has an end of its own.
        if format == "JPEG" and data.rfind(_END_OF_JPEG, file.tell()) < 0:
            raise BadImage("the JPEG has no end: it is truncated. Send the whole file.")
        # Pillow turns TIFF upright itself, and gives the turned size. Of a PNG, it would decode
        # the whole file to look for an EXIF block behind the pixels, which browsers ignore too.
        block = b"" if format == "TIFF" else image.info.get("exif", b"")
    width, height = image.size
    limits.check(height, width)
    turn = exif.orientation(block)
    if exif.swaps_sides(turn):
        height, width = width, height
    return Header(format=format, height_px=height, width_px=width, orientation=turn), image


def _opencv_is_right(format: str, image: ImageFile) -> bool:
    if format == "JPEG":
        return image.mode in ("L", "RGB")
    return format == "WebP" and image.mode == "RGB" and not getattr(image, "is_animated", False)


def _by_opencv(data: bytes, shrunk_by: int) -> NDArray[np.uint8]:
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION | _SHRUNK[shrunk_by]
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if pixels is None:
        raise ValueError("OpenCV cannot read its data")
    return np.asarray(pixels, np.uint8)


def _by_pillow(image: ImageFile) -> NDArray[np.uint8]:
    image.load()
    if image.mode.startswith("I;16"):
        high = (np.asarray(image) >> 8).astype(np.uint8)
        return np.stack([high] * 3, axis=-1)
    if image.mode in ("I", "F"):
        raise BadImage("its pixels have 32 bits, of no known range. Save it with 8 or 16 bits.")
    if image.has_transparency_data:
        layers = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(layers, mask=layers)
        return np.array(white)
    return np.array(image.convert("RGB"))


@contextmanager
def _refusing_damage(format: str) -> Iterator[None]:
    """Turn whatever a decoder raises about the bytes into BadImage."""
    try:
        yield
    except (BadImage, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise BadImage(f"the {format} is far too large. {error} Send a smaller one.") from error
    # Pillow's parsers raise almost anything on damaged files: OSError, SyntaxError, IndexError,
    # struct.error, ZeroDivisionError ...
    except Exception as error:
        raise BadImage(
            f"the {format} is truncated or damaged and cannot be decoded ({error}). "
            "Send the whole file."
        ) from error

"""What kind of file the bytes are, from how they start."""

import re

from boxwright_contract.errors import BadImage

FORMATS = (
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("WebP", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("BMP", re.compile(rb"BM")),
    ("TIFF", re.compile(rb"II[*+]\0|MM\0[*+]")),
    ("GIF", re.compile(rb"GIF8[79]a")),
)
"""The formats that are read, and how their files start."""

CURE = "Send a JPEG, PNG, WebP, BMP, TIFF or GIF file."

# What people send instead, and what to tell them.
_MISTAKEN = (
    ("a HEIC photo", re.compile(rb".{4}ftyp(hei|hev|mif1|msf1)", re.DOTALL), CURE),
    ("an AVIF image", re.compile(rb".{4}ftypavi", re.DOTALL), CURE),
    ("a video", re.compile(rb".{4}ftyp|\x1aE\xdf\xa3", re.DOTALL), "Send its frames as images."),
    ("a JPEG 2000 image", re.compile(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"), CURE),
    ("a JPEG XL image", re.compile(rb"\xff\x0a|\0\0\0\x0cJXL "), CURE),
    ("a PDF document", re.compile(rb"%PDF"), "Send its pages as images."),
    ("a web page or an SVG drawing", re.compile(rb"\s*<"), "Check the address it came from."),
    ("base64 text", re.compile(rb"/9j/|iVBORw0KGgo|UklGR|data:image/"), "Decode it, send bytes."),
)


def format_of(data: bytes) -> str:
    """Return the name of the format of an image file.

    Raises:
        BadImage: The bytes are none of `FORMATS`.

    Example:
        >>> format_of(b"GIF89a...")
        'GIF'
        >>> format_of(b"<!doctype html>")
        Traceback (most recent call last):
        boxwright_contract.errors.BadImage: the bytes are a web page or an SVG drawing, not an ...
    """
    if not data:
        raise BadImage(f"the image is empty: zero bytes. {CURE}")
    for name, start in FORMATS:
        if start.match(data):
            return name
    for name, start, cure in _MISTAKEN:
        if start.match(data):
            raise BadImage(f"the bytes are {name}, not an image that can be read. {cure}")
    raise BadImage(f"the {len(data)} bytes are not an image of a known format. {CURE}")

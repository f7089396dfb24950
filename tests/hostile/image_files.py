"""Small sound image files of every kind that is promised, written by Pillow and by OpenCV."""

import io
import random
from collections.abc import Mapping

import cv2
import numpy as np
from PIL import Image

HEIGHT_PX, WIDTH_PX = 48, 64


def picture() -> Image.Image:
    """Return a gradient with some noise, which no format packs into a few bytes."""
    noise = np.random.default_rng(6).integers(0, 64, (HEIGHT_PX, WIDTH_PX, 3))
    slope = np.linspace(0, 190, WIDTH_PX)[None, :, None]
    return Image.fromarray((noise + slope).astype(np.uint8))


def by_pillow(format: str, mode: str = "RGB", **options: object) -> bytes:
    file = io.BytesIO()
    picture().convert(mode).save(file, format, **options)
    return file.getvalue()


def by_opencv(extension: str, *options: int) -> bytes:
    bgr = np.asarray(picture())[..., ::-1]
    return cv2.imencode(extension, bgr, options)[1].tobytes()


def turned(orientation: int) -> bytes:
    """Return a JPEG whose EXIF block tells how to turn it, as a camera writes it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a maker of cameras"
    exif.get_ifd(0x8769)[0x9003] = "2026:11:23 03:00:00"
    return by_pillow("JPEG", exif=exif)


def sixteen_bits(format: str) -> bytes:
    grey = np.asarray(picture().convert("L")).astype(np.uint16) * 257
    file = io.BytesIO()
    Image.fromarray(grey).save(file, format)
    return file.getvalue()


def moving(format: str) -> bytes:
    others = [picture().rotate(90 * turn) for turn in (1, 2)]
    return by_pillow(format, save_all=True, append_images=others, duration=40)


def files() -> Mapping[str, bytes]:
    """Return a file of each kind, by a name for it."""
    tiff = {
        f"TIFF {mode} {packed}": by_pillow("TIFF", mode, compression=packed)
        for mode, packed in (
            *(("RGB", each) for each in ("raw", "tiff_lzw", "tiff_deflate", "packbits", "jpeg")),
            *(("L", "raw"), ("P", "tiff_lzw"), ("CMYK", "raw"), ("RGBA", "tiff_deflate")),
            *(("1", "group3"), ("1", "group4")),
        )
    }
    return {
        "JPEG": by_pillow("JPEG"),
        "JPEG grey": by_pillow("JPEG", "L"),
        "JPEG CMYK": by_pillow("JPEG", "CMYK"),
        "JPEG progressive": by_pillow("JPEG", progressive=True, quality=90),
        "JPEG 4:4:4": by_pillow("JPEG", subsampling=0, optimize=True),
        "JPEG of OpenCV, with restarts": by_opencv(".jpg", cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
        "JPEG of OpenCV, progressive": by_opencv(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        **{f"JPEG turned {turn}": turned(turn) for turn in (2, 3, 5, 6, 8)},
        "PNG": by_pillow("PNG"),
        "PNG transparent": by_pillow("PNG", "RGBA"),
        "PNG grey and transparent": by_pillow("PNG", "LA"),
        "PNG palette": by_pillow("PNG", "P", transparency=3),
        "PNG black and white": by_pillow("PNG", "1"),
        "PNG 16 bits": sixteen_bits("PNG"),
        "PNG moving": moving("PNG"),
        "PNG of OpenCV": by_opencv(".png", cv2.IMWRITE_PNG_COMPRESSION, 1),
        "WebP": by_pillow("WEBP"),
        "WebP lossless": by_pillow("WEBP", lossless=True),
        "WebP transparent": by_pillow("WEBP", "RGBA"),
        "WebP moving": moving("WEBP"),
        "WebP of OpenCV": by_opencv(".webp", cv2.IMWRITE_WEBP_QUALITY, 60),
        "GIF": by_pillow("GIF"),
        "GIF moving": moving("GIF"),
        "BMP": by_pillow("BMP"),
        "BMP palette": by_pillow("BMP", "P"),
        "BMP of one bit": by_pillow("BMP", "1"),
        "BMP of OpenCV": by_opencv(".bmp"),
        **tiff,
        "TIFF 16 bits": sixteen_bits("TIFF"),
        "TIFF of OpenCV": by_opencv(".tiff"),
    }


def raw_fields(chance: random.Random) -> tuple[int, int, bytes]:
    """Return a raw image's height, width and bytes, of which one may be wrong."""
    height, width, count = HEIGHT_PX, WIDTH_PX, HEIGHT_PX * WIDTH_PX * 3
    odd = chance.choice((0, 1, 3, 65_536, 2**31, 2**32 - 1))
    match chance.randrange(4):
        case 0:
            height = odd
        case 1:
            width = odd
        case 2:
            count = chance.randrange(2 * count)
    return height, width, bytes(count)

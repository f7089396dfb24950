"""Which way up a photo is.

A camera writes the rows as its sensor has them, and notes in the EXIF block how to turn them.
Whoever looks at the photo sees it turned, so detections are in those coordinates.

Source: CIPA DC-008 (Exif 2.32), section 4.6.2 for the block, 4.6.4 A for the orientation.
"""

import struct

import cv2
import numpy as np
from numpy.typing import NDArray

UPRIGHT = 1
"""The orientation of an image that is stored as it looks."""

_TAG, _SHORT = 0x0112, 3


def orientation(block: bytes) -> int:
    """Return the orientation, 1 to 8, that an EXIF block tells; 1 where it tells none.

    A damaged block tells none: it is no reason to refuse the photo.

    Example:
        >>> orientation(bytes.fromhex("4d4d002a 00000008 0001 0112 0003 00000001 0006 0000"))
        6
    """
    tiff = block.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for entry in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * entry)
            if tag == _TAG:
                return value if kind == _SHORT and 1 <= value <= 8 else UPRIGHT
    except struct.error:  # an offset that points outside the block
        pass
    return UPRIGHT


def swaps_sides(turn: int) -> bool:
    """Return whether height and width change places when an orientation is applied."""
    return turn >= 5


def upright(pixels: NDArray[np.uint8], turn: int) -> NDArray[np.uint8]:
    """Return `pixels` (H, W, 3) as they look, given their orientation."""
    turned: np.ndarray = pixels
    match turn:
        case 2:
            turned = cv2.flip(pixels, 1)
        case 3:
            turned = cv2.rotate(pixels, cv2.ROTATE_180)
        case 4:
            turned = cv2.flip(pixels, 0)
        case 5:
            turned = cv2.transpose(pixels)
        case 6:
            turned = cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE)
        case 7:
            turned = cv2.rotate(cv2.transpose(pixels), cv2.ROTATE_180)
        case 8:
            turned = cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE)
    return turned.astype(np.uint8, copy=False)

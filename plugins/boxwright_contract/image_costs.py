"""Files that are small but take minutes, or all memory, to open: they are refused first.

A header tells how many pixels an image has, not how much work they are. Measured with files of
16 MB, where an honest one takes half a second:

    JPEG of 64 megapixels with 70,000 scans     some 15 minutes; 222 KB took 13 s
    JPEG with 1.5 million EXIF blocks           minutes: Pillow joins them one after another
    TIFF with 4 million tiles                   minutes, and 300 bytes of memory for each
    PNG with 16,000 colour profiles             32 s: each is unpacked
    JPEG, PNG, GIF, BMP of a million parts      4 to 16 s, in Python, so that other work waits

Source:
    Two issues with the JPEG standard, https://libjpeg-turbo.org/pmwiki/uploads/About/, on scans;
    100 of them is also where libtiff stops.
"""

import io
import re
import struct

from boxwright_contract.errors import BadImage

MOST_SCANS = 100
"""Of a JPEG. Each goes over all its pixels again. Encoders make 10 to 20 for a progressive one."""
MOST_SEGMENTS = 1_000
"""Of a JPEG, besides those of its scans. One holds 64 KB, so profiles and notes take several."""
MOST_TILES = 100_000
"""Or strips, of a TIFF."""
MOST_CHUNKS = 100_000
"""Of a PNG. Encoders make one for every 8 KB."""
MOST_PROFILES = 16
"""Colour profiles in a PNG. Each is unpacked, to 1 MB at most; one is allowed."""
MOST_READS = 500_000
"""Pieces that Pillow reads one at a time: chunks, blocks, entries, runs."""

CURE = "Open it in an image editor, save it anew, and send that."

_JPEG_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])")
"""Those that a length follows, and start and end. Others stand in the midst of pixels."""
_JPEG_START, _JPEG_END, _JPEG_SCAN = 0xD8, 0xD9, 0xDA
_TIFF_OFFSETS = frozenset((273, 324))
"""Tags that tell where each strip and each tile begins."""


class CountedFile(io.BytesIO):
    """A file in memory that is read a limited number of times."""

    def __init__(self, data: bytes) -> None:
        """Open `data`."""
        super().__init__(data)
        self._reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next `size` bytes, or all that are left.

        Raises:
            BadImage: It was read too often.
        """
        self._reads += 1
        if self._reads > MOST_READS:
            raise _refusal(f"over {MOST_READS} parts")
        return super().read(size)


def check(format: str, data: bytes) -> None:
    """Raise BadImage if a file of that format would cost far more to open than any honest one.

    Example:
        >>> check("JPEG", b"\\xff\\xd8" + 101 * b"\\xff\\xda\\x00\\x02")
        Traceback (most recent call last):
        boxwright_contract.errors.BadImage: the image file has over 100 scans, far more than any ...
    """
    match format:
        case "JPEG":
            _check_jpeg(data)
        case "PNG":
            _check_png(data)
        case "TIFF":
            _check_tiff(data)


def _check_jpeg(data: bytes) -> None:
    at = scans = segments = 0
    while found := _JPEG_MARKER.search(data, at):
        at = found.end()
        match found[1][0]:
            case marker if marker == _JPEG_START:
                continue
            case marker if marker == _JPEG_END:
                return
            case marker if marker == _JPEG_SCAN:
                scans += 1
            case _:
                segments += 1
        if scans > MOST_SCANS:
            raise _refusal(f"over {MOST_SCANS} scans")
        if segments > MOST_SEGMENTS:
            raise _refusal(f"over {MOST_SEGMENTS} segments")
        at += max(2, int.from_bytes(data[at : at + 2], "big"))


def _check_png(data: bytes) -> None:
    at, chunks, profiles = 8, 0, 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        at += 12 + length
        chunks += 1
        profiles += kind == b"iCCP"
        if chunks > MOST_CHUNKS:
            raise _refusal(f"over {MOST_CHUNKS} chunks")
        if profiles > MOST_PROFILES:
            raise _refusal(f"over {MOST_PROFILES} colour profiles")


def _check_tiff(data: bytes) -> None:
    order = "<" if data.startswith(b"II") else ">"
    is_big = data[2:3] == b"+"  # by which Pillow decides
    directory, number, entry = ("8xQ", "Q", "HHQ8x") if is_big else ("4xI", "H", "HHI4x")
    try:
        (at,) = struct.unpack_from(order + directory, data)
        (entries,) = struct.unpack_from(order + number, data, at)
        at += struct.calcsize(order + number)
        for _ in range(min(entries, MOST_READS)):
            tag, _, count = struct.unpack_from(order + entry, data, at)
            if tag in _TIFF_OFFSETS and count > MOST_TILES:
                raise _refusal(f"over {MOST_TILES} tiles or strips")
            at += struct.calcsize(order + entry)
    except (struct.error, OverflowError):  # it points outside of itself, as its decoder will tell
        return


def _refusal(too_many: str) -> BadImage:
    return BadImage(f"the image file has {too_many}, far more than any honest one. {CURE}")

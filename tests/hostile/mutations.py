"""Files with something wrong in them, made from sound ones by chance that a seed repeats."""

import random
import struct
import zlib
from collections.abc import Callable
from itertools import pairwise

EXTREMES = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
HEADER_BYTES = 160
"""Where the numbers stand by which decoders allocate and loop."""
PNG_START = b"\x89PNG\r\n\x1a\n"

Mutation = Callable[[random.Random, bytes], bytes]


def place(chance: random.Random, data: bytes) -> int:
    """Return a position; half of the time in the header."""
    end = len(data) if chance.random() < 0.5 else min(len(data), HEADER_BYTES)
    return chance.randrange(max(1, end))


def bits_flipped(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 32))):
        changed[place(chance, data) % len(changed)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def truncated(chance: random.Random, data: bytes) -> bytes:
    return data[: place(chance, data)]


def bytes_inserted(chance: random.Random, data: bytes) -> bytes:
    at = place(chance, data)
    return data[:at] + chance.randbytes(chance.choice((1, 2, 5, 300))) + data[at:]


def bytes_removed(chance: random.Random, data: bytes) -> bytes:
    at = place(chance, data)
    return data[:at] + data[at + chance.choice((1, 2, 4, 50)) :]


def number_extreme(chance: random.Random, data: bytes) -> bytes:
    """Put an extreme number over one in the header."""
    width, order = chance.choice((1, 2, 4)), chance.choice("<>")
    number = chance.choice(EXTREMES) & (256**width - 1)
    at = chance.randrange(min(len(data), HEADER_BYTES))
    packed = struct.pack(order + {1: "B", 2: "H", 4: "I"}[width], number)
    return data[:at] + packed + data[at + width :]


def chunks_shuffled(chance: random.Random, data: bytes) -> bytes:
    """Swap two chunks, leave one out, or have one twice."""
    chunks = split(data)
    if len(chunks) < 3:
        return bytes_removed(chance, data)
    first, second = sorted(chance.sample(range(1, len(chunks)), 2))
    match chance.randrange(3):
        case 0:
            chunks[first], chunks[second] = chunks[second], chunks[first]
        case 1:
            del chunks[first]
        case _:
            chunks.insert(second, chunks[first])
    return b"".join(chunks)


def chunk_changed_and_signed(chance: random.Random, data: bytes) -> bytes:
    """Change what a PNG's chunk says, with a checksum that is right; of others, any bytes."""
    chunks = split(data)
    if not data.startswith(PNG_START) or len(chunks) < 2:
        return number_extreme(chance, bits_flipped(chance, data))
    which = chance.randrange(1, len(chunks))
    length, kind, body = chunks[which][:4], chunks[which][4:8], chunks[which][8:-4]
    changed = number_extreme(chance, body) if body and chance.random() < 0.5 else body
    changed = bits_flipped(chance, changed) if changed else changed
    checksum = struct.pack(">I", zlib.crc32(kind + changed))
    chunks[which] = length + kind + changed + checksum
    return b"".join(chunks)


MUTATIONS: tuple[Mutation, ...] = (
    bits_flipped,
    truncated,
    bytes_inserted,
    bytes_removed,
    number_extreme,
    chunks_shuffled,
    chunk_changed_and_signed,
)


def mutated(chance: random.Random, data: bytes) -> bytes:
    """Return a file with one to three things wrong."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        if data:
            data = chance.choice(MUTATIONS)(chance, data)
    return data


def split(data: bytes) -> list[bytes]:
    """Return the parts of a file: its start, then its chunks, segments, or pieces of 64 bytes."""
    match data[:4]:
        case b"\x89PNG":
            bounds = _chunk_bounds(data, 8, ">", 12, 1)
        case b"RIFF":
            bounds = _chunk_bounds(data, 12, "<", 8, 2)
        case start if start[:2] == b"\xff\xd8":
            bounds = [at for at in range(len(data) - 1) if _is_marker(data[at], data[at + 1])]
        case _:
            bounds = list(range(0, len(data), 64))
    edges = sorted({0, *bounds, len(data)})
    return [data[begin:end] for begin, end in pairwise(edges)]


def _is_marker(first: int, second: int) -> bool:
    return first == 0xFF and second not in (0x00, 0xFF)


def _chunk_bounds(data: bytes, at: int, order: str, around: int, aligned: int) -> list[int]:
    """Return where the chunks of a PNG or RIFF file begin."""
    bounds = []
    while at + 8 <= len(data):
        bounds.append(at)
        (length,) = struct.unpack_from(order + "I", data, at + (0 if around == 12 else 4))
        at += around + -(-length // aligned) * aligned
    return bounds

"""The photos that every server is sent: JPEG files, of one size or of fifty."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from boxwright.cli.demo import PHOTO
from boxwright.cli.inputs import expand
from boxwright_contract.pixels import Limits, decode

FIXED_PX = (480, 640)
"""Height and width."""
FIXED = 8
MIXED = 50
SHORT_PX = (360, 720)
"""The least and the most that the short side of a mixed size may measure."""
LONGEST_ASPECT = 16 / 9
SHARED = Path(__file__).parents[4] / "shared" / "data" / "people" / "val"
SEED = 6


@dataclass(frozen=True)
class Photos:
    """What is sent, as whole JPEG files."""

    fixed: Sequence[bytes]
    mixed: Sequence[bytes]


def gather(folder: Path | None) -> Photos:
    """Return the photos of a folder in the sizes that are measured; without one, our own."""
    if folder is None and SHARED.is_dir():
        folder = SHARED
    paths = [PHOTO] if folder is None else sorted(one.path for one in expand([str(folder)]))
    files = [path.read_bytes() for path in paths[:MIXED]]
    pixels = [decode(file, Limits())[..., ::-1] for file in files]
    return Photos(
        [_jpeg(pixels[at % len(pixels)], FIXED_PX) for at in range(FIXED)],
        [_jpeg(pixels[at % len(pixels)], size) for at, size in enumerate(_sizes())],
    )


def _sizes() -> list[tuple[int, int]]:
    """Return fifty distinct sizes, lying and standing, the same ones each time."""
    random = np.random.default_rng(SEED)
    sizes: dict[tuple[int, int], None] = {}
    while len(sizes) < MIXED:
        short = int(random.integers(*SHORT_PX))
        long = int(short * random.uniform(1, LONGEST_ASPECT))
        sizes[(short, long) if random.random() < 0.7 else (long, short)] = None
    return list(sizes)


def _jpeg(pixels: NDArray[np.uint8], size: tuple[int, int]) -> bytes:
    height, width = size
    resized = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", resized)[1])

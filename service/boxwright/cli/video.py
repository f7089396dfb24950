"""Video files: their frames, and copies of them with something drawn on."""

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright_contract.errors import BadImage, BadSettings

if TYPE_CHECKING:
    import cv2
    import numpy as np
    from numpy.typing import NDArray

SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm"})
"""A file whose name ends so is taken for a video."""

CODEC = "mp4v"
"""MPEG-4 part 2: OpenCV can write it wherever it is installed."""
USUAL_RATE = 25.0
"""Frames a second, where a video does not tell."""


@dataclass(frozen=True)
class VideoFrame:
    """One frame of a video."""

    number: int
    """From 0, of all the frames that there are."""
    time_s: float
    """When it is shown, from the start of the video."""
    pixels: "NDArray[np.uint8]" = field(repr=False)
    """(H, W, 3) RGB."""


@dataclass(frozen=True)
class VideoFacts:
    """What a video tells about itself, or what is usual where it does not."""

    frames: int
    """0: it does not tell."""
    rate: float
    """Frames a second."""


def is_video(file: Path) -> bool:
    """Tell whether a file is taken for a video, by its name."""
    return file.suffix.lower() in SUFFIXES


def facts_of(file: Path) -> VideoFacts:
    """Return what a video tells about itself; of a file that is none, what is usual."""
    import cv2

    video = _opened(file)
    frames, rate = video.get(cv2.CAP_PROP_FRAME_COUNT), video.get(cv2.CAP_PROP_FPS)
    video.release()
    return VideoFacts(max(0, int(frames)), rate if 0 < rate < 1000 else USUAL_RATE)


def read_frames(file: Path, every: int = 1) -> Iterator[VideoFrame]:
    """Yield the first frame of a video and every `every`-th after it, upright.

    Raises:
        BadImage: It is not a video that can be read.
    """
    import cv2

    try:
        file.open("rb").close()
    except OSError as error:
        raise BadImage(
            f"'{file}' cannot be read: {error.strerror}. Check the path and its permissions."
        ) from error
    video = _opened(file)
    try:
        for number in itertools.count():
            if not video.grab():
                break
            if number % every == 0:
                time_s = video.get(cv2.CAP_PROP_POS_MSEC) / 1e3
                _, pixels = video.retrieve()
                rgb: NDArray[np.uint8] = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)  # type: ignore[assignment]
                yield VideoFrame(number, time_s, rgb)
    finally:
        video.release()
    if number == 0:
        raise BadImage(
            f"'{file}' has no frame that can be read. Send a video that is whole, as MP4, AVI, "
            "MKV, MOV or WebM."
        )


@contextmanager
def video_writer(target: Path, rate: float) -> "Iterator[Callable[[NDArray[np.uint8]], None]]":
    """Lend a function that adds a frame (H, W, 3) RGB to a new video of `rate` frames a second.

    Raises:
        BadSettings: `target` cannot be written.
    """
    import cv2

    writer = cv2.VideoWriter()

    def begin(width: int, height: int) -> None:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.open("wb").close()
        except OSError as error:
            raise BadSettings(
                f"'{target}' cannot be written: {error.strerror}. Give a folder that can be."
            ) from error
        code = cv2.VideoWriter.fourcc(*CODEC)
        if not writer.open(str(target), code, rate, (width, height)):
            raise BadSettings(
                f"OpenCV cannot write '{target}' of {width} x {height} px as {CODEC}. Leave out "
                "--annotate, or install opencv-python-headless with FFmpeg."
            )

    def add(pixels: "NDArray[np.uint8]") -> None:
        if not writer.isOpened():
            begin(pixels.shape[1], pixels.shape[0])
        writer.write(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))

    try:
        yield add
    finally:
        writer.release()


def _opened(file: Path) -> "cv2.VideoCapture":
    import cv2

    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # quiet: we tell what is wrong
    return cv2.VideoCapture(str(file))

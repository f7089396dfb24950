"""Looks at images, a few at once, and at the frames of videos, as a stream."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from boxwright.cli.annotations import annotated, write_annotated
from boxwright.cli.inputs import Input
from boxwright.cli.progress import in_order
from boxwright.cli.reports import Subject
from boxwright.cli.video import VideoFrame, facts_of, is_video, read_frames, video_writer
from boxwright_contract.errors import (
    BadInput,
    BoxwrightError,
    NotAllowed,
    Unidentified,
    UnknownName,
    Unreachable,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from boxwright.client import Client, ImageLike, ProposalsLike, Result
    from boxwright.client.asking import DetectOptions

MOST_RAW_BYTES = 8 << 20
"""A larger frame is sent as a JPEG, as servers have limits; coding takes longer than sending."""
JPEG_QUALITY = 95

BEFALLS_ALL = (NotAllowed, Unidentified, UnknownName, Unreachable)
"""Errors that are no fault of one file."""

Outcome: TypeAlias = "Result | BoxwrightError"


@dataclass(frozen=True, kw_only=True)
class Looking:
    """How files are looked at."""

    client: "Client"
    options: "DetectOptions"
    where: "Callable[[Path], ProposalsLike | None]"
    """The proposals for a file."""
    every: int
    """Of how many frames of a video one is looked at."""
    copies: dict[Path, Path]
    """Where the annotated copy of each file goes; empty: none is made."""
    regions: bool
    proposals: bool
    """What is drawn on copies besides the boxes."""

    def at(self, inputs: Iterable[Input]) -> Iterator[tuple[Subject, Outcome]]:
        """Yield what comes of each image, and of each frame of a video, in their order.

        Raises:
            BoxwrightError: What would befall every file.
        """
        for are_videos, some in groupby(inputs, _is_video):
            group = list(some)
            if are_videos:
                for one in group:
                    yield from self._at_video(one.path)
            else:
                subjects = (Subject(one.path) for one in group)
                yield from zip(subjects, in_order(self._at_image, group), strict=True)

    def count(self, inputs: Iterable[Input]) -> int:
        """Return how many answers `at` will give, as far as the videos tell."""
        counts = (
            -(-facts_of(one.path).frames // self.every) if _is_video(one) else 1 for one in inputs
        )
        return sum(counts)

    def _options_of(self, file: Path) -> "DetectOptions":
        options = self.options.copy()
        options["proposals"] = self.where(file)
        return options

    def _at_image(self, one: Input) -> Outcome:
        if one.problem:
            return one.problem
        photo = one.path
        try:
            result = self.client.detect(photo, **self._options_of(photo))
        except BEFALLS_ALL:
            raise
        except BoxwrightError as error:
            return error
        if self.copies:
            write_annotated(
                photo, result, self.copies[photo], regions=self.regions, proposals=self.proposals
            )
        return result

    def _at_video(self, file: Path) -> Iterator[tuple[Subject, Outcome]]:
        under_way: deque[VideoFrame] = deque()

        def images() -> "Iterator[ImageLike]":
            for frame in read_frames(file, self.every):
                under_way.append(frame)
                yield _sent(frame.pixels)

        with ExitStack() as ends:
            try:
                stream = ends.enter_context(
                    closing(self.client.detect_stream(images(), **self._options_of(file)))
                )
                copy = self._copy_of(file, ends)
                for answer in stream:
                    frame = under_way.popleft()
                    if isinstance(answer.outcome, BEFALLS_ALL):
                        raise answer.outcome
                    copy(frame, answer.outcome)
                    yield Subject(file, frame.number, frame.time_s), answer.outcome
            except BadInput as error:
                yield Subject(file), error

    def _copy_of(self, file: Path, ends: ExitStack) -> "Callable[[VideoFrame, Outcome], None]":
        """Return what adds a frame to the annotated copy of a video, which ends with `ends`."""
        if not self.copies:
            return lambda frame, outcome: None
        rate = facts_of(file).rate / self.every
        add = ends.enter_context(video_writer(self.copies[file], rate))
        return lambda frame, outcome: add(self._drawn(frame, outcome))

    def _drawn(self, frame: VideoFrame, outcome: Outcome) -> "NDArray[np.uint8]":
        if isinstance(outcome, BoxwrightError):
            return frame.pixels
        return annotated(frame.pixels, outcome, regions=self.regions, proposals=self.proposals)


def _is_video(one: Input) -> bool:
    return one.problem is None and is_video(one.path)


def _sent(pixels: "NDArray[np.uint8]") -> "ImageLike":
    if pixels.nbytes <= MOST_RAW_BYTES:
        return pixels
    import cv2

    quality = (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY)
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), quality)
    return encoded.tobytes()

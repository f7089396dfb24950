"""A stream of images: answers come while more images go out.

gRPC takes images on a thread of its own, and answers are read on one of ours, so that neither
waits for the other, nor for whoever uses the answers.
"""

import itertools
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc

from boxwright.client import reading
from boxwright.client.answers import Result
from boxwright.client.asking import DetectOptions, ImageLike, detect_request
from boxwright.client.failures import error_from, error_in
from boxwright.client.outgoing import Outgoing
from boxwright.v1.detection_pb2 import DetectStreamRequest, DetectStreamResponse
from boxwright_contract.errors import BoxwrightError, DeadlinePassed, ServerFailed

WINDOW = 8
"""Images under way. A server works on as many of a stream at once, unless told otherwise."""
BACKOFF_S = 0.1
"""Before a stream that had answers, and then lost its server, is taken up again; it doubles."""

SERVER_WENT = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
"""How a stream ends with its server. One that waits no longer for its streams says CANCELLED."""

Open: TypeAlias = Callable[[Iterator[DetectStreamRequest]], Any]
"""Starts a call of DetectStream."""


@dataclass(frozen=True)
class Frame:
    """What came of one image of a stream."""

    index: int
    """Position among the images that were given, from 0."""
    outcome: Result | BoxwrightError
    """What was found, or the error that `Client.detect` would have raised."""


@dataclass(frozen=True)
class _End:
    """No more frames come."""

    why: Exception | None = None


class ImageStream:
    """One stream of images."""

    def __init__(
        self,
        open_call: Open,
        images: Iterable[ImageLike],
        options: DetectOptions,
        *,
        in_order: bool,
        window: int,
        address: str,
        timeout_s: float,
        retries: int,
    ) -> None:
        self._open = open_call
        self._options = options
        self._in_order = in_order
        self._address = address
        self._timeout_s = timeout_s
        self._retries = retries
        self._arrived: queue.SimpleQueue[Frame | _End] = queue.SimpleQueue()
        self._outgoing = Outgoing(images, self._message, self._unsent, window)
        self._closing = threading.Event()
        self._call: Any = None

    def frames(self) -> Generator[Frame, None, None]:
        """Yield what comes of each image. The stream ends with this, or when this is closed."""
        threading.Thread(target=self._read, name="boxwright-stream", daemon=True).start()
        try:
            for frame in self._sorted(self._arrivals()):
                self._outgoing.done()
                yield frame
        finally:
            self._closing.set()
            self._outgoing.end()
            if self._call is not None:
                self._call.cancel()
        if self._outgoing.broken is not None:
            raise self._outgoing.broken

    def _sorted(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Put what could not be sent in its place among the answers, where order is wanted."""
        if not self._in_order:
            yield from frames
            return
        held: dict[int, Frame] = {}
        places = itertools.count()
        place = next(places)
        for frame in frames:
            held[frame.index] = frame
            while place in held:
                yield held.pop(place)
                place = next(places)

    def _arrivals(self) -> Iterator[Frame]:
        while True:
            try:
                came = self._arrived.get(timeout=max(0, self._timeout_s - self._outgoing.silence_s))
            except queue.Empty:
                self._check_silence()
                continue
            if isinstance(came, Frame):
                yield came
            elif came.why is not None:
                raise came.why
            else:
                return

    def _check_silence(self) -> None:
        if self._outgoing.silence_s >= self._timeout_s:
            raise DeadlinePassed(
                f"{self._address} gave no answer to any of {len(self._outgoing)} images within "
                f"{self._timeout_s:g} s. Wait longer (timeout_s), or have fewer under way (window)."
            )

    def _read(self) -> None:
        """Read answers until the stream ends, over several calls if servers go."""
        self._arrived.put(self._read_all())

    def _read_all(self) -> _End:
        tried = self._retries  # the channel itself tries more than once to reach a server
        while True:
            over = threading.Event()
            try:
                for frame in self._answers(over):
                    tried = 0
                    self._arrived.put(frame)
                return _End(self._unanswered())
            except grpc.RpcError as failed:
                error = error_from(failed, self._address, self._timeout_s)
                lost = failed.code() in SERVER_WENT
            except Exception as bug:  # noqa: BLE001  Or who waits for answers would do so forever.
                return _End(bug)
            finally:
                over.set()
            if self._outgoing.complete:
                return _End()
            if not lost or tried >= self._retries or self._closing.wait(BACKOFF_S * 2**tried):
                return _End(error)
            tried += 1

    def _answers(self, over: threading.Event) -> Iterator[Frame]:
        """Yield the answers of one call."""
        self._call = self._open(self._outgoing.messages(over))
        if self._closing.is_set():
            self._call.cancel()
        for answer in self._call:
            index = self._outgoing.answered(int(answer.id) if answer.id else None)
            yield Frame(index, _outcome(answer))

    def _unanswered(self) -> ServerFailed | None:
        if not self._outgoing:
            return None
        return ServerFailed(
            f"{self._address} ended the stream with {len(self._outgoing)} images unanswered. See "
            "its log."
        )

    def _message(self, index: int, image: ImageLike) -> DetectStreamRequest:
        order = DetectStreamRequest.Order
        return DetectStreamRequest(
            id=str(index),
            request=detect_request(image, self._options),
            order=order.ORDER_UNSPECIFIED if self._in_order else order.ORDER_READY,
        )

    def _unsent(self, index: int, error: BoxwrightError) -> None:
        self._arrived.put(Frame(index, error))


def _outcome(answer: DetectStreamResponse) -> Result | BoxwrightError:
    if answer.WhichOneof("outcome") == "error":
        return error_in(answer.error)
    return reading.result(answer.response)

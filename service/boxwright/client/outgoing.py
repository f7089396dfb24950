"""The images of a stream on their way out: taken one by one, kept until they are answered."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator

from boxwright.client.asking import ImageLike
from boxwright.v1.detection_pb2 import DetectStreamRequest
from boxwright_contract.errors import BoxwrightError


class Outgoing:
    """Takes an image when there is room for it, and can send again what has no answer yet.

    Calls of `messages` may overlap, each on a thread of its own; all but the newest are over.
    """

    def __init__(
        self,
        images: Iterable[ImageLike],
        write: Callable[[int, ImageLike], DetectStreamRequest],
        unsent: Callable[[int, BoxwrightError], None],
        window: int,
    ) -> None:
        """Take nothing yet.

        Args:
            images: Any may be slow to come.
            write: Makes the message of an image from its position.
            unsent: Is told the position of an image of which there is no message, and why.
            window: Most images that were taken and are not `done`.
        """
        self._images = enumerate(images)
        self._write = write
        self._unsent = unsent
        self._room = threading.Semaphore(window)
        self._taking = threading.Lock()
        self._under_way: dict[int, DetectStreamRequest] = {}
        self._moved = time.monotonic()
        self._ended = False
        self.broken: Exception | None = None
        """What taking an image raised, after which there are no more."""

    def messages(self, over: threading.Event) -> Iterator[DetectStreamRequest]:
        """Yield what has no answer, and then image after image, until `over` is set."""
        last = -1
        while not over.is_set():
            index = min((each for each in list(self._under_way) if each > last), default=None)
            if index is not None:
                last = index
                message = self._under_way.get(index)
                if message is not None:
                    yield message
            elif self._ended:
                return
            else:
                self._take_one(over)

    def answered(self, index: int | None) -> int:
        """Forget the message of an image, and return its position.

        None: a message that was over the server's limit, so that no smaller one can be meant.
        """
        if index is None:
            index = max(self._under_way, key=lambda each: self._under_way[each].ByteSize())
        del self._under_way[index]
        self._moved = time.monotonic()
        return index

    def done(self) -> None:
        """Make room for one more image."""
        self._room.release()

    def end(self) -> None:
        """Take no more images."""
        self._ended = True
        self._room.release()  # for whoever waits to take one

    def __len__(self) -> int:
        """Return how many messages have no answer."""
        return len(self._under_way)

    @property
    def complete(self) -> bool:
        """Whether there are no more images, and all have their answers."""
        return self._ended and not self._under_way

    @property
    def silence_s(self) -> float:
        """How long no answer has come, if one should have."""
        return time.monotonic() - self._moved if self._under_way else 0

    def _take_one(self, over: threading.Event) -> None:
        self._room.acquire()
        with self._taking:
            if over.is_set() or self._ended:
                self._room.release()
                return
            try:
                index, image = next(self._images)
            except StopIteration:
                self._ended = True
                return
            except Exception as error:  # noqa: BLE001  The caller's own; who reads answers gets it.
                self._ended, self.broken = True, error
                return
            try:
                message = self._write(index, image)
            except BoxwrightError as error:
                self._unsent(index, error)
                return
            if not self._under_way:
                self._moved = time.monotonic()
            self._under_way[index] = message

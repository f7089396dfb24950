"""What files hold, read again when they change."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

from boxwright_contract.errors import BoxwrightError

log = logging.getLogger(__name__)

Held = TypeVar("Held")
Stamp: TypeAlias = tuple[int, int, int]
"""When a file was written, its size and its inode; zeros while there is none."""


class Watched(Generic[Held]):
    """What files hold; where a change cannot be used, what they held before.

    It may be asked from any thread.
    """

    def __init__(self, what: str, files: Sequence[Path], read: Callable[[], Held]) -> None:
        """Read for the first time. Raises what `read` raises; later, that is logged instead."""
        self._what = what
        self._files = files
        self._read = read
        self._lock = threading.Lock()
        self._stamps = self._look()
        self._held = read()

    def now(self) -> Held:
        """Return what the files hold now."""
        with self._lock:
            stamps = self._look()
            if stamps != self._stamps:
                self._stamps = stamps
                self._refresh()
            return self._held

    def _refresh(self) -> None:
        try:
            self._held = self._read()
        except BoxwrightError as error:
            log.error("%s not taken, what held before holds on: %s", self._what, error)
        else:
            log.info("%s read again", self._what)

    def _look(self) -> tuple[Stamp, ...]:
        return tuple(map(_stamp, self._files))


def _stamp(file: Path) -> Stamp:
    try:
        seen = file.stat()
    except OSError:
        return 0, 0, 0
    return seen.st_mtime_ns, seen.st_size, seen.st_ino

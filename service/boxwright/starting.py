"""The models of a server at its start, which may be told to stop in the midst of it."""

import asyncio
import time
from pathlib import Path

from boxwright.device.model import Model
from boxwright.device.runtime import Runtime
from boxwright.device.warm_up import warmed_up
from boxwright.settings import Settings
from boxwright.shelf.bundle import Bundle
from boxwright.shelf.places import look
from boxwright.shelf.shelf import Shelf
from boxwright_contract.errors import BadBundle


class StoppedEarly(Exception):
    """A server was told to stop before it served."""


class Shares:
    """The time to warm models up: those of the start share it, and each that comes later has all.

    What one does not take, those after it have.
    """

    def __init__(self, whole_s: float, models: int) -> None:
        self._whole_s = whole_s
        self._until = time.perf_counter() + whole_s
        self._models = models

    def next_s(self) -> float:
        """Return the share of the next model."""
        if not self._models:
            return self._whole_s
        left_s = max(0.0, self._until - time.perf_counter())
        share_s = left_s / self._models
        self._models -= 1
        return share_s

    def end(self) -> None:
        """Note that the start is over, though some that were counted may not have come."""
        self._models = 0


async def loaded(runtime: Runtime, settings: Settings, stop: asyncio.Event) -> Shelf:
    """Return the models of the settings' folder, loaded on a thread.

    Once `stop` is set, now or later, no more are loaded, and a warm-up at work ends.

    Raises:
        BadSettings: The folder cannot be read, or not one model in it can be served.
        StoppedEarly: `stop` was set before all were loaded.
    """
    shares = Shares(settings.warm_up_s, _versions_in(settings.models))

    def load(bundle: Bundle) -> Model:
        if stop.is_set():
            raise BadBundle("the server is stopping.")
        return warmed_up(runtime.load(bundle), settings, shares.next_s(), stop.is_set)

    loading = asyncio.create_task(asyncio.to_thread(Shelf, settings.models, load))
    await asyncio.wait([loading])
    shares.end()
    if stop.is_set():
        raise StoppedEarly from loading.exception()
    return loading.result()


def _versions_in(folder: Path) -> int:
    try:
        return len(look(folder).versions)
    except OSError:  # the shelf tells
        return 0

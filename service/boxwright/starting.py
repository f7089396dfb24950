"""The models of a server at its start, which may be told to stop in the midst of it."""

import asyncio

from boxwright.device.model import Model
from boxwright.device.runtime import Runtime
from boxwright.device.warm_up import warmed_up
from boxwright.settings import Settings
from boxwright.shelf.bundle import Bundle
from boxwright.shelf.shelf import Shelf
from boxwright_contract.errors import BadBundle


class StoppedEarly(Exception):
    """A server was told to stop before it served."""


async def loaded(runtime: Runtime, settings: Settings, stop: asyncio.Event) -> Shelf:
    """Return the models of the settings' folder, loaded on a thread.

    Once `stop` is set, now or later, no more are loaded, and a warm-up at work ends.

    Raises:
        BadSettings: The folder cannot be read, or not one model in it can be served.
        StoppedEarly: `stop` was set before all were loaded.
    """

    def load(bundle: Bundle) -> Model:
        if stop.is_set():
            raise BadBundle("the server is stopping.")
        return warmed_up(runtime.load(bundle), settings, stop.is_set)

    loading = asyncio.create_task(asyncio.to_thread(Shelf, settings.models, load))
    await asyncio.wait([loading])
    if stop.is_set():
        raise StoppedEarly from loading.exception()
    return loading.result()

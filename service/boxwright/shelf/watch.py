"""The watch over the folder of models."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from boxwright.shelf.shelf import Shelf

log = logging.getLogger(__name__)


@asynccontextmanager
async def following(shelf: Shelf, every_s: float) -> AsyncIterator[None]:
    """Let a shelf follow its folder while the block lasts, and close it after it.

    Args:
        shelf: What follows.
        every_s: From one look to the next; 0 for no look at all.
    """
    watch = asyncio.create_task(_watch(shelf, every_s)) if every_s else None
    try:
        yield
    finally:
        if watch is not None:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
        await shelf.close()


async def _watch(shelf: Shelf, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        try:
            await shelf.follow()
        except Exception:
            log.exception("the look at the folder of models failed; the next one comes")

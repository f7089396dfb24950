"""Images of streams wait for room, where those of single calls are refused."""

import asyncio
import time
from dataclasses import replace

from boxwright.answer import Answer
from boxwright.pipeline import Pipeline
from boxwright.query import Query
from boxwright_contract.errors import Overloaded

LOOK_S = 0.5
"""The most time from one look for room to the next: those before may give up at any moment."""


async def detect_when_there_is_room(pipeline: Pipeline, query: Query, timeout_s: float) -> Answer:
    """Find the objects in an image, at most `timeout_s` from now.

    Raises:
        DeadlinePassed: There was no room in time, or it was too late after that.
        BoxwrightError: What `Pipeline.detect` raises else, but not Overloaded.
    """
    deadline = query.deadline.within(timeout_s)
    query = replace(query, deadline=deadline)
    while True:
        try:
            pipeline.check_room(query)
            return await pipeline.detect(query)
        except Overloaded as full:
            left_s = deadline.moment - time.monotonic()
            await asyncio.sleep(min(full.retry_after_ms / 1e3, left_s, LOOK_S))
            deadline.check("there was room for the image")

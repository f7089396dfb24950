"""Requests -> batches: what waits for a model when a lane becomes free runs together.

Proposals in chunks take many runs for one request. They are made from a thread of their own, one
request at a time, and between them the device does what else is waiting. The other requests of that
kind stand in line, so that who gives up there leaves at once, and takes the image along.
"""

from boxwright.batching.batcher import Batcher
from boxwright.batching.waiting import Found

__all__ = ["Batcher", "Found"]

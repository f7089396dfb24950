"""Asks again where a server is full."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from boxwright_contract.errors import Overloaded

Answer = TypeVar("Answer")

GROWTH = 1.5
SPREAD = 0.5
"""Up to this share is added to a pause by chance, or all who were refused would be back at once."""


def patiently(ask: Callable[[float], Answer], timeout_s: float, retries: int) -> Answer:
    """Return the answer of `ask`, which is told how many seconds are left.

    Where the server is full, which happens before any work, it is asked again after the time that
    it told, growing; up to `retries` times, and only while there is time.

    Raises:
        Overloaded: The server was full each time.
    """
    end = time.monotonic() + timeout_s
    growth = 1.0
    for _ in range(retries):
        try:
            return ask(end - time.monotonic())
        except Overloaded as error:
            pause_s = error.retry_after_ms / 1000 * growth * (1 + SPREAD * random.random())
            if time.monotonic() + pause_s >= end:
                raise
            time.sleep(pause_s)
            growth *= GROWTH
    return ask(end - time.monotonic())

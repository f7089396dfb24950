"""Work that must not be done on the event loop: threads, and how long it waited for one."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from boxwright.deadline import Deadline

Value = TypeVar("Value")


@dataclass(frozen=True)
class Done(Generic[Value]):
    """What came of some work."""

    value: Value
    waited_ms: float
    """For a thread."""
    spent_ms: float


class Workers:
    """Some threads for one kind of work."""

    def __init__(self, threads: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"boxwright-{name}")

    async def do(self, work: Callable[[], Value], deadline: Deadline, step: str) -> Done[Value]:
        """Return what `work` does, on a thread.

        Raises:
            DeadlinePassed: It was too late to begin `step` when a thread was free.
        """
        asked = time.perf_counter()
        held = [work]

        def timed() -> Done[Value]:
            deadline.check(step)
            began = time.perf_counter()
            value = held.pop()()
            return Done(value, (began - asked) * 1e3, (time.perf_counter() - began) * 1e3)

        del work
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, timed)
        except asyncio.CancelledError:
            held.clear()  # the pool keeps what was given up until a thread is free
            raise

    def close(self) -> None:
        """End the threads. No work may be waiting."""
        self._pool.shutdown()

"""Changes of what is served: one after another, and what takes time on a thread of its own."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Value = TypeVar("Value")


class Changes:
    """Does changes one after another, each to its end even if its caller gives up."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()
        self._at_work: set[asyncio.Task[Any]] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="boxwright-shelf")

    async def alone(self, change: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """Return what comes of a change, which begins when those before it are done."""

        async def run() -> Value:
            async with self._one:
                return await change()

        return await asyncio.shield(self.start(run()))

    def start(self, work: Coroutine[Any, Any, Value]) -> "asyncio.Task[Value]":
        """Return a task that goes on by itself, and that `close` waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._at_work.add(task)  # the loop itself keeps no task alive
        task.add_done_callback(self._at_work.discard)
        return task

    async def do(self, work: Callable[[], Value]) -> Value:
        """Return what `work` does, on the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """End what is at work, and the thread."""
        while self._at_work:
            await asyncio.wait(self._at_work)
        self._thread.shutdown()

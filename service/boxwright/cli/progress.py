"""Work on many files: several at once, told in order, with a bar for people who wait."""

import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

IN_FLIGHT = 4
"""Requests at once."""
MANY = 8
"""Files from which on a bar is worth its line."""

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


def in_order(work: Callable[[Item], Outcome], items: Iterable[Item]) -> Iterator[Outcome]:
    """Yield what `work` makes of each item, in the order of the items; a few at once."""
    pool = ThreadPoolExecutor(IN_FLIGHT)
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(cancel_futures=True)


def progress(outcomes: Iterator[Outcome], total: int) -> Iterator[Outcome]:
    """Yield `outcomes`, with a bar on stderr where it is a terminal and they are many."""
    if total < MANY or not sys.stderr.isatty():
        yield from outcomes
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        yield from bar.track(outcomes, total=total, description="images")


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """Lend a function to tell (what is being done, steps done, steps in all), shown on stderr."""
    from rich.console import Console
    from rich.progress import Progress, TaskID

    tasks: dict[str, TaskID] = {}
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as bar:

        def report(stage: str, done: int, steps: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=steps)
            bar.update(tasks[stage], completed=done)

        yield report

"""Who is inside with which model, so that none is let go while a request uses it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from boxwright.device.model import Model

Find: TypeAlias = Callable[[str, str], Model]
"""Name and version -> model."""


class Visit:
    """A request's time with its models: those it found are kept until it ends."""

    def __init__(self, find: Find, enter: Callable[[Model], None]) -> None:
        self._find = find
        self._enter = enter

    def find(self, name: str, version: str) -> Model:
        """Return a model, and keep it.

        Raises:
            BadInput: No name was given, and there are several.
            UnknownName: No such model or version is served.
        """
        model = self._find(name, version)
        self._enter(model)
        return model


class Visits:
    """Counts, for each model, the requests that use it. Only for the event loop's thread."""

    def __init__(self) -> None:
        self._inside: Counter[Model] = Counter()
        self._empty: dict[Model, asyncio.Event] = {}

    @contextmanager
    def visit(self, find: Find) -> Iterator[Visit]:
        """Yield a visit, which finds models by `find`."""
        found: list[Model] = []

        def enter(model: Model) -> None:
            self._inside[model] += 1
            found.append(model)

        try:
            yield Visit(find, enter)
        finally:
            while found:
                self._leave(found.pop())

    async def end_of(self, model: Model) -> None:
        """Wait until no request uses a model, which none finds any more."""
        if model in self._inside:
            await self._empty.setdefault(model, asyncio.Event()).wait()

    def _leave(self, model: Model) -> None:
        self._inside[model] -= 1
        if self._inside[model] == 0:
            del self._inside[model]
            if model in self._empty:
                self._empty.pop(model).set()

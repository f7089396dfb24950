"""Places that are shared: nobody takes all, nobody is forgotten, and none is lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from boxwright.rpc.places import Places

A_WHILE = 20
"""So many steps of the event loop, after which whoever could go on has done so."""


async def settle() -> None:
    for _ in range(A_WHILE):
        await asyncio.sleep(0)


class Line:
    """Holders who wait for places, each in a task, and what they were given."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}
        self._may_go: dict[asyncio.Task[None], asyncio.Event] = {}
        self.given: list[str] = []
        """The holders, in the order in which they got a place."""
        self.held: Counter[str] = Counter()

    def ask(self, holder: str, times: int = 1) -> list["asyncio.Task[None]"]:
        """Wait for so many places of a holder; return the tasks that do."""
        tasks = []
        for _ in range(times):
            may_go = asyncio.Event()
            task = asyncio.create_task(self._stay(holder, may_go))
            self._may_go[task] = may_go
            tasks.append(task)
        self._tasks.setdefault(holder, []).extend(tasks)
        return tasks

    def leave(self, holder: str) -> None:
        """Give back the oldest place of a holder."""
        self._may_go[self._tasks[holder].pop(0)].set()

    def end(self) -> None:
        for task in self._may_go:
            task.cancel()

    async def _stay(self, holder: str, may_go: asyncio.Event) -> None:
        async with self._places.place_of(holder):
            self.given.append(holder)
            self.held[holder] += 1
            try:
                await may_go.wait()
            finally:
                self.held[holder] -= 1


@asynccontextmanager
async def line(places: Places) -> AsyncIterator[Line]:
    """A line before places, all of which are there again afterwards."""
    its = Line(places)
    yield its
    its.end()
    await settle()


async def number_of(places: Places) -> int:
    """Return how many places are free, by taking them all."""
    async with line(places) as its:
        for number in range(100):
            its.ask(f"counts {number}")
        await settle()
        return len(its.given)


@pytest.mark.parametrize(("number", "most"), [(1, 1), (2, 1), (3, 2), (8, 4), (32, 16)])
def test_one_alone_has_half_of_the_places_and_at_least_one(number: int, most: int) -> None:
    async def held() -> int:
        async with line(Places(number)) as its:
            its.ask("alone", 100)
            await settle()
            return its.held["alone"]

    assert asyncio.run(held()) == most


@pytest.mark.parametrize("others", [1, 5])
def test_a_few_who_are_greedy_leave_a_newcomer_a_place(others: int) -> None:
    async def held() -> int:
        async with line(Places(32)) as its:
            for number in range(others):
                its.ask(f"greedy {number}", 100)
            await settle()
            its.ask("newcomer")
            await settle()
            return its.held["newcomer"]

    assert asyncio.run(held()) == 1


def test_those_who_always_want_more_soon_have_as_many_as_each_other() -> None:
    async def held() -> Counter[str]:
        async with line(Places(32)) as its:
            for holder in "abcde":
                its.ask(holder, 40)
                await settle()
            assert its.held["a"] > 2 * its.held["e"]
            for _ in range(16):
                for holder in "abcde":
                    its.leave(holder)
                    await settle()
            return +its.held

    numbers = asyncio.run(held()).values()
    assert len(numbers) == 5
    assert max(numbers) - min(numbers) <= 1


def test_those_who_have_none_are_served_in_turn() -> None:
    async def given() -> list[str]:
        async with line(Places(1)) as its:
            for holder in "abcd":
                its.ask(holder)
            for holder in "abcd":
                await settle()
                its.leave(holder)
            return its.given

    assert asyncio.run(given()) == list("abcd")


def test_one_who_has_its_share_holds_up_nobody_behind_it_and_is_not_forgotten() -> None:
    async def given() -> list[str]:
        async with line(Places(2)) as its:
            its.ask("slow", 2)
            await settle()
            its.ask("quick", 2)
            for _ in range(2):
                await settle()
                its.leave("quick")
            await settle()
            its.leave("slow")
            await settle()
            return its.given

    assert asyncio.run(given()) == ["slow", "quick", "quick", "slow"]


def test_one_who_gives_up_in_line_takes_no_place() -> None:
    async def given() -> tuple[list[str], int]:
        places = Places(1)
        async with line(places) as its:
            its.ask("first")
            (gives_up,) = its.ask("gives up")
            its.ask("last")
            await settle()
            gives_up.cancel()
            its.leave("first")  # before the one who gave up knows of it
            await settle()
            told = list(its.given)
        return told, await number_of(places)

    assert asyncio.run(given()) == (["first", "last"], 1)


def test_one_who_gives_up_just_when_it_is_given_a_place_passes_it_on() -> None:
    async def given() -> tuple[list[str], int]:
        places = Places(1)
        async with line(places) as its:
            async with AsyncExitStack() as first:
                await first.enter_async_context(places.place_of("first"))
                (gives_up,) = its.ask("gives up")
                its.ask("last")
                await settle()
            gives_up.cancel()  # it has the place and does not know yet
            await settle()
            told = list(its.given)
        return told, await number_of(places)

    assert asyncio.run(given()) == (["last"], 1)


@pytest.mark.parametrize("number", [1, 2, 7])
def test_whenever_all_are_cancelled_all_places_are_free_again(number: int) -> None:
    async def left_after(steps: int) -> int:
        places = Places(number)

        async def work(holder: int) -> None:
            while True:
                async with places.place_of(holder):
                    await asyncio.sleep(0)

        tasks = [asyncio.create_task(work(each % 3)) for each in range(9)]
        for step in range(steps):
            await asyncio.sleep(0)
            tasks[step % len(tasks)].cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return await number_of(places)

    async def at_every_step() -> set[int]:
        return {await left_after(steps) for steps in range(40)}

    assert asyncio.run(at_every_step()) == {number}


def test_an_error_in_a_place_gives_it_back() -> None:
    async def left() -> int:
        places = Places(1)
        with pytest.raises(LookupError):
            async with places.place_of("fails"):
                raise LookupError
        return await number_of(places)

    assert asyncio.run(left()) == 1

"""A stream by itself: how many requests it has at once, and what it leaves when it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from boxwright.rpc.places import Places
from boxwright.rpc.stream import Stream

ROOM = 3


async def endless() -> AsyncIterator[int]:
    number = 0
    while True:
        yield number
        number += 1


async def answer(request: object) -> object:
    await asyncio.sleep(0.002)
    return request


async def cancelled_after(steps: int, in_order: bool) -> int:
    """Run a stream for so many steps of the event loop; return tasks left, with all places free."""
    written: list[object] = []

    async def write(response: object) -> None:
        await asyncio.sleep(0.001)
        written.append(response)

    room = Places(ROOM)
    stream = Stream(answer, write, window=4, room=room)
    running = asyncio.create_task(stream.run(endless(), lambda first: in_order))
    for _ in range(steps):
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    left = asyncio.all_tasks() - {asyncio.current_task()}
    async with asyncio.timeout(1), AsyncExitStack() as places:
        for holder in range(ROOM):
            await places.enter_async_context(room.place_of(holder))
    return len(left)


@pytest.mark.parametrize("in_order", [True, False])
def test_nothing_stays_behind(in_order: bool) -> None:
    async def at_every_step() -> set[int]:
        return {await cancelled_after(steps, in_order) for steps in range(1, 200)}

    assert asyncio.run(at_every_step()) == {0}


def test_a_stream_that_stops_reading_answers_what_it_has_read() -> None:
    async def stopped() -> tuple[bool, list[object], set[int]]:
        written: list[object] = []
        read: set[int] = set()

        async def noted() -> AsyncIterator[int]:
            async for number in endless():
                read.add(number)
                yield number

        async def write(response: object) -> None:
            written.append(response)
            if len(written) == 10:
                stream.stop_reading()

        stream = Stream(answer, write, window=4, room=Places(ROOM))
        return await stream.run(noted(), lambda first: True), written, read

    taken_all, written, read = asyncio.run(stopped())
    assert not taken_all
    assert written == list(range(len(read)))


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize(("window", "room", "most"), [(4, 9, 4), (9, 3, 2)])
def test_no_more_are_in_work_than_the_window_and_the_room_allow(
    in_order: bool, window: int, room: int, most: int
) -> None:
    async def measured() -> int:
        inside, peak = 0, 0

        async def counted(request: object) -> object:
            nonlocal inside, peak
            inside += 1
            peak = max(peak, inside)
            await asyncio.sleep(0.001)
            inside -= 1
            return request

        async def write(response: object) -> None:
            if response == 100:
                stream.stop_reading()

        stream = Stream(counted, write, window=window, room=Places(room))
        await stream.run(endless(), lambda first: in_order)
        return peak

    assert asyncio.run(measured()) == most

"""The room for requests comes back, at whatever moment a call ends."""

import asyncio
import random
from typing import Any

import pytest

from boxwright.rpc.incoming import Incoming
from boxwright_contract.errors import Overloaded

LARGEST = 1 << 20
CALLS = 200


async def never() -> Any:
    await asyncio.Event().wait()


async def ends_anyhow(room: Incoming, chance: random.Random) -> None:
    """Go in, and out again: answered, too late, refused or cancelled."""

    async def receive() -> bytes:
        await asyncio.sleep(chance.choice([0, 0.001, 0.005, 0.03, 1]))
        return bytes(chance.choice([1, LARGEST // 2, LARGEST, 2 * LARGEST]))

    try:
        with room.entered() as entry:
            await entry.read(receive, chance.choice([0.001, 0.01, 0.05, 2]))
            await asyncio.sleep(chance.choice([0, 0.001, 0.004]))
    except (Overloaded, TimeoutError):
        pass


@pytest.mark.parametrize("seed", range(4))
def test_all_room_is_free_again_when_all_calls_have_ended(seed: int) -> None:
    chance = random.Random(seed)
    faults: list[Any] = []

    async def crowd() -> list[float]:
        asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
        room = Incoming(seed * LARGEST, LARGEST, slow_s=0.01)
        calls = []
        for _ in range(CALLS):
            calls.append(asyncio.create_task(ends_anyhow(room, chance)))
            await asyncio.sleep(chance.choice([0, 0.0005]))
            if chance.random() < 0.5:
                chance.choice(calls).cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        return [await seconds_to_enter(room) for _ in range(max(1, seed))]

    async def seconds_to_enter(room: Incoming) -> float:
        began = asyncio.get_running_loop().time()
        await room.enter(room.entered().__enter__())
        return asyncio.get_running_loop().time() - began

    assert max(asyncio.run(crowd())) < 0.1
    assert not faults


def test_a_request_that_is_too_slow_for_itself_needs_not_make_way_too() -> None:
    async def at_one_moment() -> None:
        room = Incoming(LARGEST, LARGEST, slow_s=0)
        with room.entered() as entry:
            reading = asyncio.create_task(entry.read(never, patience_s=0.01))
            while not (reading.done() or reading.cancelling()):
                await asyncio.sleep(0)
            entry.make_way()
            with pytest.raises(TimeoutError):
                await reading

    asyncio.run(at_one_moment())

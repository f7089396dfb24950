"""Requests whose proposals are run in chunks stand in line, and are counted there."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from boxwright.batching import Batcher
from boxwright.deadline import Deadline
from boxwright.device.runtime import Runtime
from boxwright.shelf import bundle
from boxwright.telemetry.metrics import Metrics
from boxwright_contract.errors import DeadlinePassed

IMAGE = np.zeros((64, 96, 3), np.uint8)
BOX = np.array([[0, 0, 9, 9]], np.float32)


def test_those_in_line_are_counted_as_waiting_until_their_turn_or_until_they_give_up(
    make_proposing: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_proposing(tmp_path / "chunked" / "1", chunked=True)
    model = Runtime.open("cpu", threads=1).load(bundle.read(folder))
    metrics = Metrics()

    def waiting() -> float | None:
        return metrics.registry.get_sample_value("boxwright_queue_requests", {"model": "chunked"})

    async def run() -> None:
        batcher = Batcher(1, metrics)
        first, second, leaving = (
            asyncio.create_task(batcher.detect(model, IMAGE, Deadline(), BOX.repeat(20, axis=0)))
            for _ in range(3)
        )
        await asyncio.sleep(0)
        assert waiting() == 2
        leaving.cancel()
        await asyncio.wait([leaving])
        assert waiting() == 1
        await asyncio.gather(first, second)
        assert waiting() == 0
        batcher.close()

    asyncio.run(run())


def test_who_stands_in_line_past_its_deadline_is_told_so_then_and_not_at_its_turn(
    make_proposing: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_proposing(tmp_path / "chunked" / "1", chunked=True)
    model = Runtime.open("cpu", threads=1).load(bundle.read(folder))

    async def run() -> None:
        batcher = Batcher(1, Metrics())
        many = BOX.repeat(50_000, axis=0)
        long = asyncio.create_task(batcher.detect(model, IMAGE, Deadline(), many))
        await asyncio.sleep(0)
        with pytest.raises(DeadlinePassed, match="the deadline passed before the model ran"):
            await batcher.detect(model, IMAGE, Deadline.after(0.05), BOX)
        assert not long.done(), "the model is too fast: send more boxes"
        await long
        assert len((await batcher.detect(model, IMAGE, Deadline.after(60), BOX)).boxes) == 0
        batcher.close()

    asyncio.run(run())

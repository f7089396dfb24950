"""Requests whose proposals are run in chunks stand in line, and are counted there."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np

from boxwright.batching import Batcher
from boxwright.deadline import Deadline
from boxwright.device.runtime import Runtime
from boxwright.shelf import bundle
from boxwright.telemetry.metrics import Metrics


def test_those_in_line_are_counted_as_waiting_until_their_turn_or_until_they_give_up(
    make_proposing: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_proposing(tmp_path / "chunked" / "1", chunked=True)
    model = Runtime.open("cpu", threads=1).load(bundle.read(folder))
    metrics = Metrics()
    image = np.zeros((64, 96, 3), np.uint8)
    boxes = np.array([[0, 0, 9, 9]] * 20, np.float32)

    def waiting() -> float | None:
        return metrics.registry.get_sample_value("boxwright_queue_requests", {"model": "chunked"})

    async def run() -> None:
        batcher = Batcher(1, metrics)
        first, second, leaving = (
            asyncio.create_task(batcher.detect(model, image, Deadline(), boxes)) for _ in range(3)
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

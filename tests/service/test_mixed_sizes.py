"""Images of many sizes run together: where others pair two of sixteen, whole batches are filled."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from boxwright.batching import Batcher
from boxwright.deadline import Deadline
from boxwright.device.model import Model
from boxwright.device.runtime import Runtime
from boxwright.device.tuning import Tuning
from boxwright.shelf import bundle
from boxwright.telemetry.metrics import Metrics
from boxwright_contract.input_rule import InputRule

RULE = InputRule(short_side_px=320, long_side_px=448, divisor=32)
DICE = np.random.default_rng(7)
SHORT_AND_RATIO = DICE.uniform((300, 1), (3000, 1.78), (50, 2))
SIZES = [(int(short), int(short * ratio)) for short, ratio in SHORT_AND_RATIO]
SIZES[35:] = [size[::-1] for size in SIZES[35:]]
"""Of photos, three in ten of them upright."""
CALLERS = 64
IMAGES = 640


@pytest.fixture
def model(make_bundle: Callable[..., Path], tmp_path: Path) -> Model:
    folder = make_bundle(tmp_path / "m" / "1", input=RULE)
    loaded = Runtime.open("cpu", threads=1).load(bundle.read(folder))
    return replace(loaded, tuning=Tuning.up_to(8))


async def asked_by_many(model: Model, metrics: Metrics) -> None:
    batcher = Batcher(1, metrics)
    images = iter(range(IMAGES))

    async def caller() -> None:
        for number in images:
            resized = RULE.resized(*SIZES[number % len(SIZES)])
            pixels = np.full((*resized, 3), 255, np.uint8)
            found = await batcher.detect(model, pixels, Deadline())
            assert found.boxes[0].tolist() == [0, 0, resized[1], resized[0]]

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    batcher.close()


def test_fifty_sizes_fill_six_of_eight_places_and_canvases_to_three_quarters(model: Model) -> None:
    metrics = Metrics()
    asyncio.run(asked_by_many(model, metrics))

    def told(name: str, **labels: str) -> float:
        value = metrics.registry.get_sample_value(name, {"model": "m", **labels})
        assert value is not None
        return value

    assert told("boxwright_batch_images_sum") == IMAGES
    assert IMAGES / told("boxwright_batch_images_count") >= 6
    filling = told("boxwright_canvas_pixels_total", use="filling")
    assert filling / (filling + told("boxwright_canvas_pixels_total", use="image")) < 0.25

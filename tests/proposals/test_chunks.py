"""Proposals in chunks and in batches: the same answers, in bounded memory."""

import asyncio
import gc
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from boxwright.batching import Batcher, Found
from boxwright.deadline import Deadline
from boxwright.device.model import Model, Proposed
from boxwright.device.runtime import Runtime
from boxwright.device.tuning import Tuning
from boxwright.shelf import bundle
from boxwright.telemetry.metrics import Metrics
from boxwright_contract.errors import DeadlinePassed

MakeBundle = Callable[..., Path]


@dataclass
class Recorder:
    """Passes runs on to a real session and keeps the shape of the proposals each had."""

    session: Any
    pause_s: float = 0
    runs: list[tuple[int, ...]] = field(default_factory=list)

    def run(self, names: list[str], inputs: dict[str, NDArray[Any]]) -> Any:
        self.runs.append(inputs["proposals"].shape[:2])
        time.sleep(self.pause_s)
        return self.session.run(names, inputs)


def loaded(make: MakeBundle, folder: Path, *, chunked: bool) -> Model:
    read = bundle.read(make(folder / f"chunked_{chunked}" / "1", chunked=chunked))
    model = Runtime.open("cpu", threads=1).load(read)
    tuning = Tuning(sizes=(1, 2, 3, 4))
    return replace(model, session=Recorder(model.session), tuning=tuning)


@pytest.fixture
def whole(make_proposing: MakeBundle, tmp_path: Path) -> Model:
    return loaded(make_proposing, tmp_path, chunked=False)


@pytest.fixture
def chunked(make_proposing: MakeBundle, tmp_path: Path) -> Model:
    """Three proposals at a time."""
    return loaded(make_proposing, tmp_path, chunked=True)


def scene(seed: int, proposals: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return a picture of 64 x 96 px with bright areas, and boxes on it."""
    dice = np.random.default_rng(seed)
    image = np.zeros((64, 96, 3), np.uint8)
    for _ in range(4):
        y, x = dice.integers(0, 50), dice.integers(0, 80)
        image[y : y + 14, x : x + 16, dice.integers(0, 3)] = 255
    corner = dice.uniform(0, (80, 50), (proposals, 2))
    return image, np.hstack([corner, corner + dice.uniform(2, 14, (proposals, 2))]).astype("f4")


def found_by(
    model: Model, scenes: list[tuple[NDArray[np.uint8], NDArray[np.float32]]]
) -> list[dict[str, list[Any]]]:
    """Return the rows that were found in each of the scenes, run as one batch."""
    sizes = np.array([[64, 96]] * len(scenes), np.int32)
    proposed = Proposed.of([boxes for _, boxes in scenes])
    outputs = model.run(np.stack([image for image, _ in scenes]), sizes, proposed)
    names = ("boxes", "scores", "labels", "proposal")
    return [
        {name: getattr(outputs, name)[index, :count].tolist() for name in names}
        for index, count in enumerate(outputs.count)
    ]


@pytest.mark.parametrize("proposals", [0, 1, 2, 3, 4, 6, 7, 50])
def test_chunks_give_what_one_run_gives(proposals: int, whole: Model, chunked: Model) -> None:
    scenes = [scene(seed, proposals) for seed in range(3)]
    assert found_by(chunked, scenes) == found_by(whole, scenes)
    assert chunked.session.runs == [
        (3, min(3, max(1, proposals) - start)) for start in range(0, max(1, proposals), 3)
    ]


def test_a_batch_of_different_images_gives_what_singles_give(whole: Model, chunked: Model) -> None:
    scenes = [scene(seed, proposals) for seed, proposals in enumerate((7, 0, 1, 30, 4))]
    for model in (whole, chunked):
        together = found_by(model, scenes)
        assert together == [found_by(model, [each])[0] for each in scenes]
        assert sum(len(each["scores"]) for each in together) > 5


async def through_batcher(model: Model, deadline: Deadline) -> list[Found | BaseException]:
    batcher = Batcher(1, Metrics())
    calls = [
        batcher.detect(model, image, deadline, boxes)
        for image, boxes in (scene(seed, seed * 2) for seed in range(6))
    ]
    try:
        return await asyncio.gather(*calls, return_exceptions=True)
    finally:
        batcher.close()


def test_requests_with_different_numbers_of_proposals_run_together(whole: Model) -> None:
    answers = asyncio.run(through_batcher(whole, Deadline()))
    assert whole.session.runs == [(4, 6), (2, 10)]
    for seed, answer in enumerate(answers):
        assert isinstance(answer, Found)
        assert answer.proposals is not None
        (alone,) = found_by(whole, [scene(seed, seed * 2)])
        assert answer.proposals.tolist() == alone["proposal"]


def test_many_proposals_do_not_slow_those_with_few(whole: Model) -> None:
    async def run() -> None:
        batcher = Batcher(1, Metrics())
        scenes = [scene(0, proposals) for proposals in (3, 2000, 64, 65, 1100, 0, 128)]
        await asyncio.gather(
            *(batcher.detect(whole, image, Deadline(), boxes) for image, boxes in scenes)
        )
        batcher.close()

    asyncio.run(run())
    assert whole.session.runs == [(3, 64), (2, 2000), (2, 128)]


def test_chunks_of_several_requests_never_share_a_run(chunked: Model) -> None:
    asyncio.run(through_batcher(chunked, Deadline()))
    assert chunked.session.runs
    assert max(chunked.session.runs) <= (1, 3)


def test_what_nobody_waits_for_ends_before_its_next_chunk(chunked: Model) -> None:
    chunked.session.pause_s = 0.001

    async def run() -> list[object]:
        batcher = Batcher(1, Metrics())
        image, boxes = scene(0, 3000)
        short = Deadline.after(0.05)
        late = asyncio.create_task(batcher.detect(chunked, image, short, boxes))
        answers = await asyncio.gather(late, return_exceptions=True)
        left = asyncio.create_task(batcher.detect(chunked, image, Deadline(), boxes))
        await asyncio.sleep(0.05)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        after = await batcher.detect(chunked, image, Deadline(), boxes[:1])
        batcher.close()
        return [*answers, after]

    late, after = asyncio.run(run())
    assert isinstance(late, DeadlinePassed)
    assert "Allow more time" in str(late)
    assert isinstance(after, Found)
    assert len(chunked.session.runs) < 1000


def test_who_gives_up_before_its_turn_takes_the_image_along(chunked: Model) -> None:
    chunked.session.pause_s = 0.001

    async def run() -> tuple[list[bool], Found]:
        batcher = Batcher(1, Metrics())
        image, boxes = scene(0, 900)
        head = asyncio.create_task(batcher.detect(chunked, image, Deadline(), boxes))
        while not chunked.session.runs:
            await asyncio.sleep(0)
        images = [image.copy() for _ in range(5)]
        kept = [weakref.ref(each) for each in images]
        line = [
            asyncio.create_task(batcher.detect(chunked, each, Deadline(), boxes)) for each in images
        ]
        await asyncio.sleep(0.01)
        for waiting in line:
            waiting.cancel()
        await asyncio.wait(line)
        del images, line, waiting
        gc.collect()
        gone = [each() is None for each in kept]
        assert not head.done()
        found = await head
        batcher.close()
        return gone, found

    gone, found = asyncio.run(run())
    assert gone == [True] * 5
    assert len(found.boxes)
    assert len(chunked.session.runs) == 300


def test_another_model_has_the_device_between_chunks(
    chunked: Model, make_bundle: MakeBundle, tmp_path: Path
) -> None:
    other = Runtime.open("cpu", threads=1).load(bundle.read(make_bundle(tmp_path / "b" / "1")))

    async def run() -> tuple[int, Found]:
        batcher = Batcher(1, Metrics())
        image, boxes = scene(0, 3000)
        long = asyncio.create_task(batcher.detect(chunked, image, Deadline(), boxes))
        while not chunked.session.runs:
            await asyncio.sleep(0)
        assert len((await batcher.detect(other, image, Deadline())).boxes)
        meanwhile = len(chunked.session.runs)
        found = await long
        batcher.close()
        return meanwhile, found

    meanwhile, found = asyncio.run(run())
    assert meanwhile < len(chunked.session.runs) == 1000
    assert len(found.boxes)
    assert min(found.inference_ms, found.queue_ms) > 0

"""Requests -> batches: who runs together, who is dropped, and what is refused."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from boxwright.batching import Batcher, Found
from boxwright.deadline import Deadline
from boxwright.device.model import Model
from boxwright.device.runtime import Runtime
from boxwright.device.tuning import Tuning
from boxwright.shelf import bundle
from boxwright.telemetry.metrics import Metrics
from boxwright_contract.errors import DeadlinePassed

Pixels = NDArray[np.uint8]
NEVER = Deadline()


@dataclass
class Recorder:
    """Passes runs on to a real session and keeps how many images each had."""

    session: Any
    batches: list[int] = field(default_factory=list)

    def run(self, names: list[str], inputs: dict[str, NDArray[Any]]) -> Any:
        self.batches.append(len(inputs["image"]))
        return self.session.run(names, inputs)


@pytest.fixture
def model(make_bundle: Callable[..., Path], tmp_path: Path) -> Model:
    """A real model whose batches are recorded."""
    loaded = Runtime.open("cpu", threads=1).load(bundle.read(make_bundle(tmp_path / "m" / "1")))
    return replace(loaded, session=Recorder(loaded.session))


def area(x: int, height: int = 64, width: int = 96) -> Pixels:
    image = np.zeros((height, width, 3), np.uint8)
    image[5:10, x : x + 8, 0] = 255
    return image


async def together(
    model: Model, images: list[Pixels], max_batch: int, deadline: Deadline = NEVER
) -> list[Found | BaseException]:
    batcher = Batcher(1, Metrics())
    tuned = replace(model, tuning=Tuning.up_to(max_batch))
    try:
        return await asyncio.gather(
            *(batcher.detect(tuned, image, deadline) for image in images), return_exceptions=True
        )
    finally:
        batcher.close()


def boxes(answers: list[Found | BaseException]) -> list[list[list[float]]]:
    return [answer.boxes.tolist() for answer in answers if isinstance(answer, Found)]


def test_what_waits_together_runs_together_up_to_the_limit(model: Model) -> None:
    images = [area(x) for x in range(0, 70, 10)]
    answers = asyncio.run(together(model, images, max_batch=3))
    assert model.session.batches == [3, 3, 1]
    assert boxes(answers) == [[[x, 5, x + 8, 10]] for x in range(0, 70, 10)]


def test_only_canvases_of_one_shape_run_together(model: Model) -> None:
    images = [area(1), area(2, height=96), area(3, height=60, width=90), area(4, height=70)]
    answers = asyncio.run(together(model, images, max_batch=8))
    assert model.session.batches == [2, 2]
    assert boxes(answers) == [[[x, 5, x + 8, 10]] for x in (1, 2, 3, 4)]


def test_a_batch_with_an_empty_image_keeps_each_answer_its_own(model: Model) -> None:
    answers = asyncio.run(together(model, [area(1), area(1) * 0, area(3)], max_batch=3))
    assert model.session.batches == [3]
    assert boxes(answers) == [[[1, 5, 9, 10]], [], [[3, 5, 11, 10]]]


def test_nothing_runs_for_a_deadline_that_has_passed(model: Model) -> None:
    answers = asyncio.run(together(model, [area(1)], max_batch=8, deadline=Deadline.after(0)))
    assert isinstance(answers[0], DeadlinePassed)
    assert "Allow more time" in str(answers[0])
    assert model.session.batches == []


def test_nothing_runs_for_a_caller_that_gave_up(model: Model) -> None:
    async def give_up() -> Found:
        batcher = Batcher(1, Metrics())
        first, second, third = (
            asyncio.create_task(batcher.detect(model, area(x), NEVER)) for x in (1, 2, 3)
        )
        await asyncio.sleep(0)
        second.cancel()
        await first
        answer = await third
        batcher.close()
        return answer

    assert asyncio.run(give_up()).boxes.tolist() == [[3, 5, 11, 10]]
    assert model.session.batches == [1, 1]


def test_a_run_that_fails_fails_its_own_batch_only(model: Model) -> None:
    async def one_fails() -> list[Found | BaseException]:
        batcher = Batcher(1, Metrics())
        broken = replace(model, session=None)
        calls = [batcher.detect(each, area(1), NEVER) for each in (broken, model)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        batcher.close()
        return answers

    failed, answered = asyncio.run(one_fails())
    assert isinstance(failed, AttributeError)
    assert isinstance(answered, Found)


def test_a_run_that_has_the_device_to_itself_takes_all_of_it(model: Model) -> None:
    alone = Recorder(model.session.session)
    model = replace(model, alone=alone)

    async def one_and_then_two() -> list[Found]:
        batcher = Batcher(2, Metrics())
        first = await batcher.detect(model, area(0), NEVER)
        others = await asyncio.gather(*(batcher.detect(model, area(x), NEVER) for x in (1, 2)))
        batcher.close()
        return [first, *others]

    found = asyncio.run(one_and_then_two())
    assert [each.boxes[0, 0] for each in found] == [0, 1, 2]
    assert alone.batches == [1]
    assert model.session.batches == [1, 1]

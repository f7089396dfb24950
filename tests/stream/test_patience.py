"""Images of streams that wait for room are no lost requests."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from boxwright.admission import Admission
from boxwright.deadline import Deadline
from boxwright.device.runtime import Runtime
from boxwright.foresight import LEAST
from boxwright.pipeline import Pipeline
from boxwright.query import Query, Raw
from boxwright.rpc.patience import detect_when_there_is_room
from boxwright.settings import Settings
from boxwright.shelf.shelf import Shelf
from boxwright.telemetry.metrics import Metrics
from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import DeadlinePassed, Overloaded
from boxwright_contract.trust import Trust

LIMIT = 10
FLOOD = 20_000
"""So many large images take minutes, on whatever machine."""


@pytest.mark.parametrize("inside", [{"bright": 10}, {"bright": 8, "other": 1}])
def test_an_image_that_waits_for_the_room_of_its_model_is_not_counted_as_refused(
    inside: dict[str, int], make_bundle: Callable[..., Path], tmp_path: Path, settings: Settings
) -> None:
    make_bundle(tmp_path / "bright" / "1")
    metrics, admission = Metrics(), Admission(LIMIT)

    async def run() -> None:
        models = Shelf(tmp_path, Runtime.open("cpu", threads=1).load)
        pipeline = Pipeline(models, Catalog.installed(Trust.told("")), metrics, admission, settings)
        query = Query(image=Raw(1, 1, bytes(3)), deadline=Deadline.after(0.25))
        with ExitStack() as places:
            for model, number in inside.items():
                for _ in range(number):
                    places.enter_context(admission.admit(model))
            began = time.monotonic()
            with pytest.raises(DeadlinePassed, match="there was room"):
                await detect_when_there_is_room(pipeline, query, 10)
            assert time.monotonic() - began > 0.2
        answer = await detect_when_there_is_room(pipeline, Query(image=Raw(1, 1, bytes(3))), 10)
        assert answer.bundle.name == "bright"
        pipeline.close()
        await models.close()

    asyncio.run(run())
    labels = {"model": "bright", "why": "shed"}
    assert metrics.registry.get_sample_value("boxwright_lost_requests_total", labels) is None


def test_an_image_that_could_not_be_in_time_is_answered_when_those_before_it_give_up(
    make_bundle: Callable[..., Path], tmp_path: Path, settings: Settings
) -> None:
    make_bundle(tmp_path / "bright" / "1")
    admission = Admission(2 * FLOOD)
    patience_s = 8.0
    large = Query(image=Raw(2000, 2000, bytes(3 * 2000 * 2000)))

    async def run() -> float:
        models = Shelf(tmp_path, Runtime.open("cpu", threads=1).load)
        pipeline = Pipeline(
            models, Catalog.installed(Trust.told("")), Metrics(), admission, settings
        )
        for _ in range(LEAST):
            await pipeline.detect(large)
        flood = ExitStack()
        for _ in range(FLOOD):
            flood.enter_context(admission.admit("bright"))
        query = replace(large, deadline=Deadline.after(patience_s))
        with pytest.raises(Overloaded, match="until the deadline"):
            pipeline.check_room(query)
        asyncio.get_running_loop().call_later(0.1, flood.close)
        began = time.monotonic()
        await detect_when_there_is_room(pipeline, query, 60)
        took_s = time.monotonic() - began
        pipeline.close()
        await models.close()
        return took_s

    assert asyncio.run(run()) < patience_s / 2

"""Images of streams that wait for room are no lost requests."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from boxwright.admission import Admission
from boxwright.deadline import Deadline
from boxwright.device.runtime import Runtime
from boxwright.pipeline import Pipeline
from boxwright.query import Query, Raw
from boxwright.rpc.patience import detect_when_there_is_room
from boxwright.settings import Settings
from boxwright.shelf.shelf import Shelf
from boxwright.telemetry.metrics import Metrics
from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import DeadlinePassed
from boxwright_contract.trust import Trust

LIMIT = 10


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

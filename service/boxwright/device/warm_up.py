"""A model's first runs, before it serves: every usual shape once, and which batch is fastest.

A lane is a run beside others. Where lanes share a processor, images alone in lanes are often
faster than batches; where a GPU runs one batch at a time, batches are. Nothing but a measurement
tells, so a short one is made here, with as many runs side by side as there are lanes.
"""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from boxwright.device.cgroup import OURS, Groups
from boxwright.device.memory_limit import half_is_free
from boxwright.device.model import Model, Proposed
from boxwright.device.tuning import Tuning
from boxwright.settings import Settings
from boxwright_contract.errors import BadBundle

log = logging.getLogger(__name__)

MOST = 16
"""The largest batch that is tried."""
WORTH = 1.1
"""A batch must be that much faster than smaller ones."""
RUNS = 3
"""Of each shape that is timed, a lane."""
RATIOS = ((1, 1), (5, 4), (4, 3), (3, 2), (16, 9))
"""Long to short side of most photos."""
MAIN = (4, 3)
PROPOSALS = 64


def warmed_up(
    model: Model,
    settings: Settings,
    within_s: float,
    stopping: Callable[[], bool] = lambda: False,
    groups: Groups = OURS,
) -> Model:
    """Return the model with its batches tuned, after running every usual shape.

    It ends early when it has taken `within_s`, and where the server is `stopping`; shapes that are
    left are slower when they first come. Larger batches are tried while this process
    holds less than half of the memory that its control `groups` let it have.

    Raises:
        BadBundle: The graph fails on a usual shape.
    """
    until = time.perf_counter() + within_s

    def left_s() -> float:
        return 0 if stopping() else until - time.perf_counter()

    tuning = _told(settings) if settings.max_batch else _measured(model, left_s, groups)
    if settings.batch_delay_ms is not None:
        tuning = replace(tuning, delay_s=settings.batch_delay_ms / 1e3)
    tuned = replace(model, tuning=tuning)
    if model.bundle.card.chunk is None:
        for canvas in _usual_canvases(tuned):
            for size in tuning.sizes:
                for alone in (False, True):
                    if left_s() > 0:
                        _run(tuned, size, canvas, alone=alone)
    return tuned


def _told(settings: Settings) -> Tuning:
    return Tuning.up_to(settings.max_batch)


def _measured(model: Model, left_s: Callable[[], float], groups: Groups) -> Tuning:
    """Return the tuning of the smallest batch that no larger one outdoes by much."""
    if model.bundle.card.chunk is not None or left_s() <= 0:
        return Tuning()
    canvas = _canvas_of(model, *MAIN)
    best, alone = 1, _seconds_an_image(model, 1, canvas)
    fastest, size = alone, 2
    # Each size takes about twice as much as the one before: stop while there is time and memory.
    while size <= MOST and fastest * size * model.lanes * (RUNS + 1) < left_s():
        if not half_is_free(groups):
            log.info("%s runs up to %d at once: half of the memory is used", model.bundle, best)
            break
        try:
            seconds = _seconds_an_image(model, size, canvas)
        except BadBundle as problem:  # no room on the device, say
            log.warning("%s runs up to %d at once: %s", model.bundle, best, problem)
            break
        if seconds * WORTH > fastest:
            break
        best, fastest, size = size, seconds, size * 2
    return Tuning.up_to(best, delay_s=alone - fastest)


def _seconds_an_image(model: Model, size: int, canvas: tuple[int, int]) -> float:
    """Return the time from one image to the next when all lanes run batches of a size."""
    with ThreadPoolExecutor(model.lanes) as lanes:

        def each_lane(times: int) -> float:
            began = time.perf_counter()
            for done in [
                lanes.submit(_run, model, size, canvas, times) for _ in range(model.lanes)
            ]:
                done.result()
            return time.perf_counter() - began

        each_lane(1)
        return each_lane(RUNS) / (RUNS * size * model.lanes)


def _run(
    model: Model, size: int, canvas: tuple[int, int], times: int = 1, alone: bool = False
) -> None:
    """Run black images that fill a canvas."""
    images = np.zeros((size, *canvas, 3), np.uint8)
    used = np.array([canvas] * size, np.int32)
    proposed = None
    if model.bundle.card.needs_proposals:
        height, width = canvas
        boxes = np.array([[0, 0, width, height]] * PROPOSALS, np.float32)
        proposed = Proposed.of([boxes] * size)
    try:
        for _ in range(times):
            model.run(images, used, proposed, alone=alone)
    except Exception as error:
        raise BadBundle(
            f"the graph of {model.bundle} fails on {size} black images of {canvas[1]} x "
            f"{canvas[0]} px: {error}. Export it again."
        ) from error


def _usual_canvases(model: Model) -> Iterator[tuple[int, int]]:
    """Yield the canvases of most photos, once each, the most usual first."""
    seen = set()
    for long, short in (MAIN, *RATIOS):
        for canvas in (_canvas_of(model, long, short), _canvas_of(model, short, long)):
            if canvas not in seen:
                seen.add(canvas)
                yield canvas


def _canvas_of(model: Model, width: int, height: int) -> tuple[int, int]:
    """Return the canvas of a large photo whose sides are so to each other."""
    rule = model.bundle.card.input
    return model.tuning.canvas(rule, *rule.resized(height * 1000, width * 1000))

"""Every model opened, and run on a black image: that it works, how, and how fast."""

import time
from collections.abc import Iterator

import numpy as np

from boxwright.device.model import Model, Proposed
from boxwright.device.runtime import Runtime
from boxwright.doctor.finding import Concern, Finding
from boxwright.doctor.models import bundles
from boxwright.settings import Settings
from boxwright_contract.errors import BadBundle

RUNS = Concern("model runs")

TIMES = 3
"""The first run on a canvas takes longer."""


def look(settings: Settings) -> Iterator[Finding]:
    """Load each model as `serve` does, and run it on the canvas of a square photo."""
    runtime = Runtime.open(settings.device, settings.threads, settings.lanes, settings.precision)
    run = 0
    for bundle in bundles(settings.models):
        began = time.perf_counter()
        try:
            model = runtime.load(bundle)
            loaded_s = time.perf_counter() - began
            ran_ms = min(_run_ms(model) for _ in range(TIMES))
        except BadBundle as error:
            yield RUNS.warning(f"not served: {bundle}: {error}")
            continue
        run += 1
        yield RUNS.ok(
            f"{bundle} loads in {loaded_s:.2f} s and runs in {ran_ms:.0f} ms on {model.told}"
        )
        if model.fallback and model.fallback != runtime.fallback:
            yield RUNS.warning(model.fallback.removeprefix(runtime.fallback).strip())
    if not run:
        yield RUNS.problem(f"no model of {settings.models} runs", "See the lines above.")


def _run_ms(model: Model) -> float:
    """Run a model on the canvas that large square photos get; return how long that took."""
    rule = model.bundle.card.input
    height, width = rule.canvas(*rule.resized(1000, 1000))
    canvas = np.zeros((1, height, width, 3), np.uint8)
    whole = np.array([[0, 0, width, height]], np.float32)
    proposed = Proposed.of([whole]) if model.bundle.card.needs_proposals else None
    began = time.perf_counter()
    try:
        model.run(canvas, np.array([[height, width]], np.int32), proposed, alone=True)
    except Exception as error:
        raise BadBundle(f"it fails on {width} x {height} px: {error}. Export it again.") from error
    return (time.perf_counter() - began) * 1e3

"""The limit: the same session in a loop, with no server around it. Prints JSON.

python -m tests.bench.peers.handlers.in_process SECONDS MATMUL_GRAPH SIDE PHOTO...
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from tests.bench.peers.handlers.assignment import Assignment
from tests.bench.peers.handlers.detector import Detector, canvases, prepare
from tests.bench.peers.handlers.sessions import open_session

BATCHES = (1, 2, 4, 8)
WARM_UPS = 3


def main(seconds: str, matmul: str, side: str, *files: str) -> None:
    """Measure, and print what was found."""
    told = Assignment.read()
    detector = Detector.open(told)
    photos = [Path(file).read_bytes() for file in files]
    prepared = [prepare(photo, detector.card.input) for photo in photos]
    sides = detector.card.input.canvas(*prepared[0].pixels.shape[:2])
    session_rates, whole_rates = {}, {}
    for size in BATCHES:
        feeds = canvases(prepared[:size], sides)
        session_rates[size] = size * _rate(partial(detector.session.run, None, feeds), seconds)
        whole_rates[size] = size * _rate(partial(detector.detect, photos[:size]), seconds)
    product = open_session(Path(matmul), told.execution)
    factors = np.ones((int(side), int(side)), np.float32)
    products = _rate(partial(product.run, None, {"factor": factors}), seconds)
    print(  # noqa: T201
        json.dumps(
            {
                "session": session_rates,
                "whole": whole_rates,
                "matmul": 2 * int(side) ** 3 * products,
            }
        )
    )


def _rate(work: Callable[[], object], seconds: str) -> float:
    """Return how often a second `work` is done."""
    for _ in range(WARM_UPS):
        work()
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < float(seconds):
        work()
        done += 1
    return done / (time.perf_counter() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])

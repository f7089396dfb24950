"""One model run of a batch."""

import time

import numpy as np

from boxwright.batching.bucket import Bucket
from boxwright.batching.waiting import Found, Waiting
from boxwright.device.model import Proposed
from boxwright.device.runs import DeviceRuns
from boxwright_contract.input_rule import place


def run(bucket: Bucket, batch: list[Waiting], runs: DeviceRuns, alone: bool) -> list[Found]:
    """Return what is found in each image of a batch, which are of that bucket.

    Args:
        bucket: Where they belong.
        batch: The images.
        runs: Does the runs of graphs that it takes.
        alone: Whether nothing else runs now.
    """
    canvas = np.zeros((len(batch), *bucket.sides, 3), np.uint8)
    for row, pixels in zip(canvas, [waiting.pixels for waiting in batch], strict=True):
        place(pixels, row)
    sizes = np.array([waiting.pixels.shape[:2] for waiting in batch], np.int32)
    given = [waiting.proposals for waiting in batch if waiting.proposals is not None]
    proposed = Proposed.of(given) if given else None
    outputs = bucket.model.run(canvas, sizes, proposed, runs, alone=alone)
    ended = time.perf_counter()
    return [
        Found.of(outputs, index, (ended - waiting.since) * 1e3, runs.spent_ms)
        for index, waiting in enumerate(batch)
    ]

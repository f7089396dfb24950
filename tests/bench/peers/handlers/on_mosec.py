"""mosec: decoding in a stage of its own, one process a core, and a stage that batches.

Source: https://mosecorg.github.io/mosec/ (multi-stage preprocessing; dynamic batching).
"""

# mypy: disable-error-code="import-not-found, misc"
import os
from collections.abc import Sequence
from typing import Any

from mosec import Server, Worker
from tests.bench.peers.handlers.assignment import Assignment
from tests.bench.peers.handlers.detector import Detector, Prepared, prepare, read_card


class Prepare(Worker):
    """Bytes -> pixels."""

    def __init__(self) -> None:
        self.rule = read_card(Assignment.read()).input

    def deserialize(self, data: bytes) -> bytes:
        return data

    def forward(self, data: bytes) -> Prepared:
        return prepare(data, self.rule)


class Detect(Worker):
    """Pixels of many -> what is in each."""

    def __init__(self) -> None:
        self.detector = Detector.open(Assignment.read())

    def forward(self, data: Sequence[Prepared]) -> list[Any]:
        return [found.plain() for found in self.detector.detect_prepared(data)]


if __name__ == "__main__":
    told = Assignment.read()
    os.environ.update(
        MOSEC_PORT=str(told.port), MOSEC_ADDRESS="127.0.0.1", MOSEC_TIMEOUT=str(60_000)
    )
    server = Server()
    server.append_worker(Prepare, num=os.cpu_count())
    server.append_worker(Detect, max_batch_size=told.max_batch, max_wait_time=told.max_wait_ms)
    server.run()

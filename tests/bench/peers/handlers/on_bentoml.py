"""BentoML: an API that batches adaptively; photos come as form files.

Source: https://docs.bentoml.com (adaptive batching; files as input).
"""

# mypy: disable-error-code="import-not-found, misc, untyped-decorator"
from pathlib import Path
from typing import Any

import bentoml
from tests.bench.peers.handlers.assignment import Assignment
from tests.bench.peers.handlers.detector import Detector

TOLD = Assignment.read()


@bentoml.service(workers=1, traffic={"timeout": 60, "max_concurrency": 64})
class Photos:
    """Form files -> what is in each photo."""

    def __init__(self) -> None:
        self.detector = Detector.open(TOLD)

    @bentoml.api(batchable=True, max_batch_size=TOLD.max_batch, max_latency_ms=60_000)
    def detect(self, photos: list[Path]) -> list[dict[str, Any]]:
        found = self.detector.detect([photo.read_bytes() for photo in photos])
        return [dict(each.plain()) for each in found]

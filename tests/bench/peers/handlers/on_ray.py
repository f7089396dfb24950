"""Ray Serve: one replica behind the HTTP proxy, with serve.batch.

Source: https://docs.ray.io/en/latest/serve/advanced-guides/dyn-req-batch.html
"""

# mypy: disable-error-code="import-not-found, misc, untyped-decorator, attr-defined"
import signal
from typing import Any

import ray
from ray import serve
from starlette.requests import Request
from tests.bench.peers.handlers.assignment import Assignment
from tests.bench.peers.handlers.detector import Detector

TOLD = Assignment.read()


@serve.deployment(num_replicas=1, max_ongoing_requests=100)
class Photos:
    """The body of a POST -> what is in the photo."""

    def __init__(self) -> None:
        self.detector = Detector.open(TOLD)

    @serve.batch(max_batch_size=TOLD.max_batch, batch_wait_timeout_s=TOLD.max_wait_ms / 1e3)
    async def detect(self, photos: list[bytes]) -> list[Any]:
        return [found.plain() for found in self.detector.detect(photos)]

    async def __call__(self, request: Request) -> Any:
        return await self.detect(await request.body())


if __name__ == "__main__":
    ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    serve.start(http_options={"host": "127.0.0.1", "port": TOLD.port})
    serve.run(Photos.bind(), route_prefix="/")
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    serve.shutdown()
    ray.shutdown()

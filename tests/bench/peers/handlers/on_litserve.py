"""LitServe: one worker that batches; photos come as form files.

Source: https://lightning.ai/docs/litserve (batching; file uploads).
"""

# mypy: disable-error-code="import-not-found, misc"
from collections.abc import Sequence
from typing import Any

import litserve
from fastapi import Request
from tests.bench.peers.handlers.assignment import Assignment
from tests.bench.peers.handlers.detector import Detector, Found


class Photos(litserve.LitAPI):
    """Form file -> what is in the photo."""

    def setup(self, device: str) -> None:
        self.detector = Detector.open(Assignment.read())

    def decode_request(self, request: Request) -> bytes:
        photo: bytes = request["photos"].file.read()
        return photo

    def batch(self, inputs: Sequence[bytes]) -> Sequence[bytes]:
        return inputs

    def predict(self, photos: Sequence[bytes]) -> list[Found]:
        return self.detector.detect(photos)

    def unbatch(self, output: list[Found]) -> list[Found]:
        return output

    def encode_response(self, output: Found) -> Any:
        return output.plain()


if __name__ == "__main__":
    told = Assignment.read()
    photos = Photos(max_batch_size=told.max_batch, batch_timeout=told.max_wait_ms / 1e3)
    server = litserve.LitServer(photos, accelerator="cpu", timeout=60)
    server.run(host="127.0.0.1", port=told.port, generate_client_file=False, log_level="warning")

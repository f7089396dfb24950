"""KServe's SDK: a model behind its gRPC server. It has no batching of its own.

Source: https://kserve.github.io/website (custom predictor). In a cluster an agent beside the
container batches; the SDK alone runs each request by itself, here on threads.
"""

# mypy: disable-error-code="import-not-found, misc"
import asyncio
from collections.abc import Mapping

from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
from kserve.utils.numpy_codec import from_np_dtype
from tests.bench.peers.handlers.assignment import Assignment, free_port
from tests.bench.peers.handlers.detector import Detector
from tests.bench.peers.handlers.tensors import tensors


class Photos(Model):
    """A BYTES tensor -> what is in the photo."""

    def __init__(self, detector: Detector) -> None:
        super().__init__("photos")
        self.detector = detector
        self.ready = True

    async def predict(
        self,
        payload: InferRequest,
        headers: Mapping[str, str] | None = None,
        response_headers: Mapping[str, str] | None = None,
    ) -> InferResponse:
        photos = [bytes(photo) for photo in payload.inputs[0].as_numpy().ravel()]
        found = await asyncio.to_thread(self.detector.detect, photos)
        outputs = []
        for name, values in tensors(found).items():
            output = InferOutput(name, list(values.shape), from_np_dtype(values.dtype))
            output.set_data_from_numpy(values)
            outputs.append(output)
        return InferResponse(payload.id, self.name, outputs)


if __name__ == "__main__":
    told = Assignment.read()
    server = ModelServer(
        grpc_port=told.port, http_port=free_port(), workers=1, enable_latency_logging=False
    )
    server.start([Photos(Detector.open(told))])

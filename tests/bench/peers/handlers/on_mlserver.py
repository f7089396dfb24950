"""MLServer: a custom runtime with adaptive batching and one inference worker, its defaults.

Source: https://docs.seldon.ai/mlserver (custom runtimes; adaptive batching).
"""

# mypy: disable-error-code="import-not-found, misc"
import asyncio

from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from tests.bench.peers.handlers.assignment import Assignment, free_port
from tests.bench.peers.handlers.detector import Detector
from tests.bench.peers.handlers.tensors import tensors


class Photos(MLModel):
    """BYTES tensors -> what is in each photo."""

    async def load(self) -> bool:
        self.detector = Detector.open(Assignment.read())
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        found = await asyncio.to_thread(self.detector.detect, list(payload.inputs[0].data.root))
        outputs = [
            NumpyCodec.encode_output(name, values) for name, values in tensors(found).items()
        ]
        return InferenceResponse(model_name=self.name, outputs=outputs)


async def main() -> None:
    """Serve until stopped."""
    told = Assignment.read()
    settings = Settings(
        debug=False,
        host="127.0.0.1",
        grpc_port=told.port,
        http_port=free_port(),
        metrics_port=free_port(),
        load_models_at_startup=False,
    )
    model = ModelSettings(
        name="photos",
        implementation=f"{Photos.__module__}.{Photos.__name__}",
        max_batch_size=told.max_batch,
        max_batch_time=told.max_wait_ms / 1e3,
    )
    await MLServer(settings).start([model])


if __name__ == "__main__":
    from tests.bench.peers.handlers import on_mlserver

    asyncio.run(on_mlserver.main())

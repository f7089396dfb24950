"""Triton Inference Server with its Python backend, through nvidia-pytriton.

Source: https://triton-inference-server.github.io/pytriton (batching decorator; dynamic batching).
"""

# mypy: disable-error-code="import-not-found, misc, untyped-decorator"
import numpy as np
from numpy.typing import NDArray
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig
from tests.bench.peers.handlers.assignment import Assignment, free_port
from tests.bench.peers.handlers.detector import Detector
from tests.bench.peers.handlers.tensors import OUTPUTS, tensors

if __name__ == "__main__":
    told = Assignment.read()
    detector = Detector.open(told)

    @batch
    def detect(photo: NDArray[np.bytes_]) -> dict[str, NDArray[np.generic]]:
        """Return what is in photos (N, 1)."""
        return tensors(detector.detect([bytes(row[0]) for row in photo]))

    config = TritonConfig(
        grpc_port=told.port,
        http_port=free_port(),
        metrics_port=free_port(),
        grpc_address="127.0.0.1",
        http_address="127.0.0.1",
    )
    with Triton(config=config) as triton:
        triton.bind(
            model_name="photos",
            infer_func=detect,
            inputs=[Tensor(name="photo", dtype=bytes, shape=(1,))],
            outputs=[
                Tensor(name=name, dtype=kind, shape=shape)
                for name, (kind, shape) in OUTPUTS.items()
            ],
            config=ModelConfig(
                max_batch_size=told.max_batch,
                batcher=DynamicBatcher(max_queue_delay_microseconds=told.max_wait_ms * 1000),
            ),
        )
        triton.serve()

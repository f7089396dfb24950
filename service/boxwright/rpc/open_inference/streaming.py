"""What one request of a stream is told."""

from boxwright.inference.open_inference_pb2 import (
    InferParameter,
    ModelInferRequest,
    ModelInferResponse,
    ModelStreamInferResponse,
)
from boxwright.rpc.open_inference.inference import Inference
from boxwright.rpc.status import status_of
from boxwright_contract.errors import BadInput

FINAL = "triton_final_response"
"""Every request gets one response, which is its last."""


async def answered(
    inference: Inference, request: ModelInferRequest | BadInput, seconds_left: float | None
) -> ModelStreamInferResponse:
    """Return the answer to a request, or in its place what ModelInfer would have ended with."""
    error = ""
    if isinstance(request, BadInput):
        error, told = status_of(request).message, ModelInferResponse()
    else:
        try:
            told = await inference.infer(request, seconds_left)
        except Exception as failed:  # noqa: BLE001  Whatever it is, the stream goes on.
            error, told = status_of(failed).message, ModelInferResponse(id=request.id)
    told.parameters[FINAL].CopyFrom(InferParameter(bool_param=True))
    return ModelStreamInferResponse(error_message=error, infer_response=told)

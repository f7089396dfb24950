"""Proposals in the Open Inference Protocol: as tensors, or by the model's own rule."""

from typing import Any

import grpc
import numpy as np
import pytest

from boxwright.inference import open_inference_pb2 as pb
from boxwright.inference.open_inference_pb2_grpc import GRPCInferenceServiceStub
from boxwright.ports import Address

IMAGES = np.zeros((2, 64, 96, 3), np.uint8)
IMAGES[0, :32, 48:, 0] = 255
IMAGES[1, 32:, :48, 1] = 204
LEFT, RIGHT = (0, 32, 48, 64), (48, 0, 96, 32)
BOXES = np.array([[RIGHT, LEFT], [LEFT, RIGHT]], np.float32)


def ask(address: Address, model: str, **arrays: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Return the outputs of a request of the images and some more tensors."""
    kinds = {"uint8": "UINT8", "float32": "FP32", "int32": "INT32", "float64": "FP64"}
    tensors = {"image": IMAGES, **arrays}
    request = pb.ModelInferRequest(
        model_name=model,
        inputs=[
            pb.ModelInferRequest.InferInputTensor(
                name=name, datatype=kinds[array.dtype.name], shape=array.shape
            )
            for name, array in tensors.items()
        ],
        raw_input_contents=[array.tobytes() for array in tensors.values()],
    )
    with grpc.insecure_channel(str(address)) as channel:
        answer = GRPCInferenceServiceStub(channel).ModelInfer(request)
    dtypes = {"FP32": "<f4", "INT32": "<i4"}
    return {
        output.name: np.frombuffer(content, dtypes[output.datatype]).reshape(output.shape)
        for output, content in zip(answer.outputs, answer.raw_output_contents, strict=True)
        if output.datatype in dtypes
    }


def test_without_proposals_the_models_own_rule_gives_them(address: Address) -> None:
    found = ask(address, "whole")
    assert found["count"].tolist() == [1, 1]
    assert found["boxes"][:, 0].tolist() == [list(RIGHT), list(LEFT)]


@pytest.mark.parametrize("model", ["whole", "chunked"])
def test_each_image_has_its_own_proposals(model: str, address: Address) -> None:
    found = ask(address, model, proposals=BOXES)
    assert found["boxes"][:, 0].tolist() == [list(RIGHT), list(LEFT)]


def test_only_as_many_proposals_count_as_are_told(address: Address) -> None:
    counts = np.array([0, 1], np.int32)
    found = ask(address, "whole", proposals=BOXES, proposal_count=counts)
    assert found["count"].tolist() == [0, 1]


REFUSED = {
    "another datatype": ({"proposals": BOXES.astype(np.float64)}, r"FP64 .* Send FP32 \[2, P, 4\]"),
    "another rank": ({"proposals": BOXES[0]}, r"\[2, 4\].* Send FP32 \[2, P, 4\]"),
    "for more images": ({"proposals": BOXES[[0, 1, 1]]}, r"\[3, 2, 4\].* Send FP32 \[2, P, 4\]"),
    "counts alone": ({"proposal_count": np.ones(2, np.int32)}, "without proposals"),
    "counts of more images": (
        {"proposals": BOXES, "proposal_count": np.ones(3, np.int32)},
        r"\[3\].* Send INT32 \[2\]",
    ),
    "counts over the room": (
        {"proposals": BOXES, "proposal_count": np.array([1, 3], np.int32)},
        r"\[1, 3\]. Send 0 to 2",
    ),
    "boxes outside": ({"proposals": BOXES + 1000}, "image . of 2.* lies outside the image"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_proposals_that_cannot_be_used_are_refused_with_a_reason(
    case: str, address: Address
) -> None:
    tensors, reason = REFUSED[case]
    with pytest.raises(grpc.RpcError, match=reason) as caught:
        ask(address, "whole", **tensors)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_metadata_lists_proposals_where_a_model_needs_them(address: Address) -> None:
    with grpc.insecure_channel(str(address)) as channel:
        inference = GRPCInferenceServiceStub(channel)
        its = inference.ModelMetadata(pb.ModelMetadataRequest(name="whole"))
        config = inference.ModelConfig(pb.ModelConfigRequest(name="whole")).config
    assert [(each.name, each.datatype, list(each.shape)) for each in its.inputs] == [
        ("image", "BYTES", [-1, 1]),
        ("proposals", "FP32", [-1, -1, 4]),
        ("proposal_count", "INT32", [-1]),
    ]
    assert [each.optional for each in config.input] == [False, True, True]

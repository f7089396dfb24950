"""What is long in a request is refused by its number, and neither read to its end nor repeated."""

import pytest

from boxwright.inference.open_inference_pb2 import ModelInferRequest
from boxwright.rpc.open_inference.outputs import wanted
from boxwright.rpc.open_inference.tensors import tensors
from boxwright_contract.errors import BadInput

MANY = 100_000


def test_a_shape_of_many_sides_is_refused() -> None:
    request = ModelInferRequest()
    request.inputs.add(name="image", datatype="UINT8", shape=[1] * MANY)
    with pytest.raises(BadInput, match=rf"'image' has {MANY} sides.*at most 4") as caught:
        tensors(request)
    assert len(str(caught.value)) < 200


def test_many_inputs_are_refused() -> None:
    request = ModelInferRequest()
    for number in range(MANY):
        request.inputs.add(name=str(number))
    with pytest.raises(BadInput, match=rf"has {MANY} inputs.*at most 3"):
        tensors(request)


def test_many_outputs_are_refused() -> None:
    request = ModelInferRequest()
    for _ in range(MANY):
        request.outputs.add(name="boxes")
    with pytest.raises(BadInput, match=rf"asks for {MANY} outputs"):
        wanted(request, "padded")

"""Clients that write the messages themselves, as every language but Python's tritonclient does."""

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import cv2
import grpc
import numpy as np
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from boxwright.answer import Answer
from boxwright.inference import open_inference_pb2 as pb
from boxwright.inference.open_inference_pb2_grpc import GRPCInferenceServiceStub
from boxwright.ports import Address
from boxwright.query import Query, Raw
from boxwright.rpc.open_inference.inference import answer_all
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_contract.errors import BadImage

IMAGE = np.zeros((48, 64, 3), np.uint8)
IMAGE[8:16, 0:32, 0] = 255
PNG = cv2.imencode(".png", IMAGE[..., ::-1])[1].tobytes()


@pytest.fixture
def inference(channel: grpc.Channel) -> GRPCInferenceServiceStub:
    return GRPCInferenceServiceStub(channel)


def request(*inputs: Any, **fields: Any) -> pb.ModelInferRequest:
    return pb.ModelInferRequest(model_name="bright", inputs=inputs, **fields)


def image(datatype: str, shape: Any, **contents: Any) -> dict[str, Any]:
    its = {"name": "image", "datatype": datatype, "shape": shape}
    return its | ({"contents": pb.InferTensorContents(**contents)} if contents else {})


FILE = image("BYTES", [1], bytes_contents=[PNG])
PIXELS = image("UINT8", [1, *IMAGE.shape], uint_contents=IMAGE.ravel().tolist())


@pytest.mark.parametrize("sent", [FILE, PIXELS], ids=["BYTES", "UINT8"])
def test_typed_contents_are_read_like_raw_ones(
    sent: dict[str, Any], inference: GRPCInferenceServiceStub
) -> None:
    raw = len(PNG).to_bytes(4, "little") + PNG
    expected = inference.ModelInfer(request(image("BYTES", [1]), raw_input_contents=[raw]))
    answer = inference.ModelInfer(request(sent))
    assert answer == expected
    (count,) = (
        np.frombuffer(content, "<i4")
        for output, content in zip(answer.outputs, answer.raw_output_contents, strict=True)
        if output.name == "count"
    )
    assert count.tolist() == [1]


REFUSED = {
    "typed and raw": (request(FILE, raw_input_contents=[b""]), "typed contents beside"),
    "raw of another number": (
        request(image("BYTES", [1]), raw_input_contents=[b"", b""]),
        "1 inputs and 2 raw_input_contents",
    ),
    "twice": (request(FILE, FILE), "comes twice"),
    "side under 0": (request(image("UINT8", [-1, 2, 2, 3])), "a side under 0"),
    "too few typed": (
        request(image("UINT8", [1, 1, 1, 3], uint_contents=[1, 2])),
        "2 typed elements .* 3",
    ),
    "typed in another field": (
        request(image("UINT8", [1, 1, 1, 3], int_contents=[1, 2, 3])),
        "0 typed elements .* 3",
    ),
    "over a byte": (request(image("UINT8", [1, 1, 1, 3], uint_contents=[1, 2, 256])), "256"),
    "more files than promised": (
        request(image("BYTES", [1], bytes_contents=[PNG, PNG])),
        "has more elements, .* promises 1",
    ),
    "lengths of nothing": (
        request(image("BYTES", [1]), raw_input_contents=[bytes(400_000)]),
        "has more elements, .* promises 1",
    ),
    "a huge shape of nothing": (
        request(image("UINT8", [1, 1 << 62, 0, 3]), raw_input_contents=[b""]),
        "0 x 4611686018427387904 px",
    ),
    "no parameter at all": (
        request(FILE, parameters={"max_detections": pb.InferParameter()}),
        "came as nothing",
    ),
    "no time": (
        request(FILE, parameters={"timeout": pb.InferParameter(int64_param=-1)}),
        "timeout is -1",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_contradicts_itself_is_refused_with_a_reason(
    case: str, inference: GRPCInferenceServiceStub
) -> None:
    sent, reason = REFUSED[case]
    with pytest.raises(grpc.RpcError, match=reason) as caught:
        inference.ModelInfer(sent)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_an_error_in_a_stream_carries_the_id_of_its_request(
    inference: GRPCInferenceServiceStub,
) -> None:
    def requests() -> Iterator[pb.ModelInferRequest]:
        yield request(FILE, id="good")
        yield request(image("FP32", [1]), id="bad")
        yield request(FILE, id="good again")

    good, bad, again = inference.ModelStreamInfer(requests())
    assert [each.infer_response.id for each in (good, bad, again)] == ["good", "bad", "good again"]
    assert not good.error_message
    assert "FP32" in bad.error_message
    assert again.infer_response.outputs == good.infer_response.outputs
    for each in (good, bad, again):
        assert each.infer_response.parameters["triton_final_response"].bool_param


def test_a_stream_of_more_images_than_the_server_has_room_for_is_answered_whole(
    settings: Settings,
) -> None:
    tight = replace(settings, max_requests=4, stream_window=8)
    three = image("BYTES", [3], bytes_contents=[PNG] * 3)
    with serve_in_background(tight) as address, grpc.insecure_channel(str(address)) as channel:
        inference = GRPCInferenceServiceStub(channel)
        answers = list(inference.ModelStreamInfer(iter([request(three)] * 12)))
    assert [each.error_message for each in answers] == [""] * 12


def test_reflection_describes_the_service(channel: grpc.Channel) -> None:
    reflection: Any = ServerReflectionStub(channel)
    asked = ServerReflectionRequest(file_containing_symbol="inference.GRPCInferenceService")
    (answer,) = reflection.ServerReflectionInfo(iter([asked]))
    (file,) = answer.file_descriptor_response.file_descriptor_proto
    (service,) = FileDescriptorProto.FromString(file).service
    assert {"ModelInfer", "ModelStreamInfer"} < {method.name for method in service.method}


def test_a_server_that_drains_is_live_but_not_ready(settings: Settings) -> None:
    serving = serve_in_background(replace(settings, drain_delay_s=2.0))
    address: Address = serving.__enter__()
    with grpc.insecure_channel(str(address)) as channel:
        inference = GRPCInferenceServiceStub(channel)
        assert inference.ServerReady(pb.ServerReadyRequest()).ready
        ending = threading.Thread(target=serving.__exit__, args=(None, None, None))
        ending.start()
        while inference.ServerReady(pb.ServerReadyRequest()).ready:
            time.sleep(0.01)
        assert inference.ServerLive(pb.ServerLiveRequest()).live
    ending.join()


def test_the_first_image_that_fails_ends_the_work_on_the_others() -> None:
    ended: list[int] = []

    async def detect(query: Query) -> Answer:
        assert isinstance(query.image, Raw)
        if query.image.height_px == 1:
            await asyncio.sleep(0)
            raise BadImage("it is no image. Send one.")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append(query.image.height_px)
            raise
        raise AssertionError

    images = [Query(image=Raw(height, 1, b"")) for height in (5, 1, 6)]
    with pytest.raises(BadImage, match=r"image 1 of 3, from 0: it is no image"):
        asyncio.run(answer_all(detect, images))
    assert sorted(ended) == [5, 6]

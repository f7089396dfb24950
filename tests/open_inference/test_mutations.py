"""Requests with bytes changed at random: each is answered, or refused with a clean status."""

import random
from collections import Counter
from typing import Any

import cv2
import grpc
import numpy as np

from boxwright.inference import open_inference_pb2 as pb

FILE = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
PIXELS = np.zeros((2, 8, 8, 3), np.uint8)
Input = pb.ModelInferRequest.InferInputTensor

REQUESTS = [
    pb.ModelInferRequest(
        model_name="bright",
        parameters={"score_threshold": pb.InferParameter(double_param=0.5)},
        inputs=[Input(name="image", datatype="BYTES", shape=[1])],
        raw_input_contents=[len(FILE).to_bytes(4, "little") + FILE],
    ),
    pb.ModelInferRequest(
        model_name="bright",
        inputs=[Input(name="image", datatype="UINT8", shape=PIXELS.shape)],
        raw_input_contents=[PIXELS.tobytes()],
        outputs=[pb.ModelInferRequest.InferRequestedOutputTensor(name="boxes")],
    ),
    pb.ModelInferRequest(
        model_name="bright",
        inputs=[
            Input(
                name="image",
                datatype="UINT8",
                shape=PIXELS.shape,
                contents=pb.InferTensorContents(uint_contents=PIXELS.ravel().tolist()),
            )
        ],
    ),
]

CLEAN = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}


def test_a_changed_request_ends_with_a_clean_status(channel: grpc.Channel) -> None:
    infer: Any = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
    chance = random.Random(6)
    codes: Counter[grpc.StatusCode] = Counter()
    for _ in range(500):
        message = bytearray(chance.choice(REQUESTS).SerializeToString())
        for _ in range(chance.randint(1, 3)):
            message[chance.randrange(min(len(message), 100))] = chance.randrange(256)
        try:
            infer(bytes(message), timeout=10)
            codes[grpc.StatusCode.OK] += 1
        except grpc.RpcError as error:
            codes[error.code()] += 1
    assert codes.keys() <= CLEAN
    assert codes[grpc.StatusCode.OK]
    assert codes[grpc.StatusCode.INVALID_ARGUMENT]

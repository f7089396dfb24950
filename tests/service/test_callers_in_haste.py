"""A server that is asked for too much works for those who still wait."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import grpc
import numpy as np
import pytest
from tests.telemetry.observed import Observed, observe

from boxwright.cli.top.snapshot import take
from boxwright.client import Client
from boxwright.foresight import LEAST
from boxwright.inference.open_inference_pb2 import ModelInferRequest
from boxwright.inference.open_inference_pb2_grpc import GRPCInferenceServiceStub
from boxwright.settings import Settings
from boxwright.v1.detection_pb2 import DetectRequest, RawImage
from boxwright_contract.errors import Overloaded

PHOTO = np.zeros((64, 64, 3), np.uint8)
REQUEST = DetectRequest(raw=RawImage(height_px=64, width_px=64, rgb=PHOTO.tobytes()))
CALLERS = 24
HASTE = 8
"""Callers wait for so many images; there are more of them."""


@pytest.fixture
def slow(
    settings: Settings, make_bundle: Callable[..., Path], tmp_path: Path
) -> Iterator[Observed]:
    """A server with one lane and a slow model."""
    make_bundle(tmp_path / "slow" / "1", multiplications=2)
    with observe(replace(settings, models=tmp_path, threads=1)) as server:
        yield server


def ask(server: Observed, seconds: float, timeout_s: float | None = None) -> Counter[str]:
    """Let all callers ask again and again, and return how their calls ended."""
    until, ends = time.monotonic() + seconds, Counter[str]()

    def caller() -> None:
        while time.monotonic() < until:
            call = server.detection.Detect.future(REQUEST, timeout=timeout_s)
            ends[call.code().name] += 1
            if call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
                time.sleep(0.05)

    callers = [threading.Thread(target=caller) for _ in range(CALLERS)]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    return ends


def per_s(server: Observed, seconds: float = 1) -> float:
    """Return the answers a second to callers that are patient."""
    began = time.monotonic()
    return ask(server, seconds)["OK"] / (time.monotonic() - began)


def test_too_many_callers_in_haste_get_most_of_what_the_server_can_do(slow: Observed) -> None:
    ask(slow, 0.5)
    before_per_s = per_s(slow)
    began = time.monotonic()
    ends = ask(slow, 2, timeout_s=HASTE / before_per_s)
    answered_per_s = ends["OK"] / (time.monotonic() - began)
    at_most_per_s = min(before_per_s, per_s(slow))
    assert answered_per_s > 0.5 * at_most_per_s, ends
    assert ends["DEADLINE_EXCEEDED"] < ends["OK"]
    now = take(slow.metrics)
    lost = now.total("boxwright_lost_requests_total", model="slow", why="hopeless")
    assert lost == ends["RESOURCE_EXHAUSTED"] > 0
    assert now.total("boxwright_lost_requests_total", why="shed") == 0


def test_a_lone_caller_is_let_in_however_little_time_it_has(slow: Observed) -> None:
    ask(slow, 0.5)
    image_s = 1 / per_s(slow)
    for _ in range(LEAST):
        slow.detection.Detect(REQUEST, timeout=20 * image_s)
    hopeless = slow.detection.Detect.future(REQUEST, timeout=image_s / 4)
    assert hopeless.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_lone_request_is_let_in_with_all_its_images(slow: Observed) -> None:
    ask(slow, 0.5)
    image_s = 1 / per_s(slow)
    three = ModelInferRequest.InferInputTensor(
        name="image", datatype="UINT8", shape=(3, *PHOTO.shape)
    )
    request = ModelInferRequest(
        model_name="slow",
        inputs=[three],
        raw_input_contents=[3 * PHOTO.tobytes()],
    )
    stub = GRPCInferenceServiceStub(slow.channel)
    hopeless = stub.ModelInfer.future(request, timeout=image_s / 4)
    assert hopeless.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_our_client_gives_up_within_its_time_and_tells_why(slow: Observed) -> None:
    ask(slow, 0.5)
    image_s = 1 / per_s(slow)
    crowd = threading.Thread(target=lambda: ask(slow, 30 * image_s))
    crowd.start()
    time.sleep(CALLERS * image_s)
    with Client(str(slow.address), timeout_s=4 * image_s) as client:
        began = time.monotonic()
        with pytest.raises(Overloaded, match="s are left until the deadline, so nothing was begun"):
            client.detect(PHOTO)
        assert time.monotonic() - began < 4 * image_s + 0.5
    crowd.join()

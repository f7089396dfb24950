"""A client and a server that is full: it asks again when the server says."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from boxwright.client import Client, Result
from boxwright.client.patience import patiently
from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.detection_pb2 import DetectRequest, RawImage
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub
from boxwright_contract.errors import Overloaded

PHOTO = np.full((64, 64, 3), 200, np.uint8)
CALLERS = 4


@pytest.fixture
def narrow(
    settings: Settings, make_bundle: Callable[..., Path], tmp_path: Path
) -> Iterator[Address]:
    """A slow server that takes one request at a time."""
    make_bundle(tmp_path / "slow" / "1", multiplications=5)
    chosen = replace(settings, models=tmp_path, max_requests=1)
    with serve_in_background(chosen) as address:
        yield address


def outcomes(client: Client) -> list[Result | Exception]:
    def outcome(_: int) -> Result | Exception:
        try:
            return client.detect(PHOTO)
        except Overloaded as error:
            return error

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(outcome, range(CALLERS)))


def pushback(failed: Any) -> str:
    """Return what a failed call was told of when to try again."""
    return str(dict(failed.trailing_metadata())["grpc-retry-pushback-ms"])


def test_the_client_asks_again_when_a_full_server_says_unless_told_not_to(narrow: Address) -> None:
    with Client(str(narrow), retries=50) as client:
        assert {type(each) for each in outcomes(client)} == {Result}
    with Client(str(narrow), retries=0) as client:
        assert Overloaded in {type(each) for each in outcomes(client)}


def test_clients_of_other_makes_are_told_in_the_way_of_grpc(narrow: Address) -> None:
    policy = {
        "maxAttempts": 2,
        "initialBackoff": "0.001s",
        "maxBackoff": "0.001s",
        "backoffMultiplier": 1,
        "retryableStatusCodes": ["RESOURCE_EXHAUSTED"],
    }
    config = {"methodConfig": [{"name": [{}], "retryPolicy": policy}]}
    too_large = DetectRequest(raw=RawImage(height_px=1, width_px=1, rgb=bytes(9 << 17)))
    with grpc.insecure_channel(
        str(narrow), options=[("grpc.service_config", json.dumps(config))]
    ) as channel:
        detection = DetectionServiceStub(channel)
        request = DetectRequest(raw=RawImage(height_px=64, width_px=64, rgb=PHOTO.tobytes()))
        calls = [detection.Detect.future(request) for _ in range(CALLERS)]
        refused = [call for call in calls if call.exception()]
        assert refused
        for call in refused:
            assert int(pushback(call)) > 0
        with pytest.raises(grpc.RpcError) as caught:
            detection.Detect(too_large)
    assert pushback(caught.value) == "-1"


def test_pauses_follow_the_hint_and_end_before_the_time_does() -> None:
    asked: list[float] = []

    def full(left_s: float) -> None:
        asked.append(time.monotonic())
        raise Overloaded("full", retry_after_ms=100)

    began = time.monotonic()
    with pytest.raises(Overloaded):
        patiently(full, timeout_s=10, retries=2)
    assert len(asked) == 3
    first, second = (later - earlier for earlier, later in pairwise(asked))
    assert 0.1 <= first < 0.25
    assert 0.15 <= second < 0.35
    asked.clear()
    began = time.monotonic()
    with pytest.raises(Overloaded):
        patiently(full, timeout_s=0.15, retries=10)
    assert len(asked) <= 2
    assert time.monotonic() - began < 0.15

"""The id of a call: beside its answer, in its log lines, and in the message of a failure."""

import json
import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import grpc
import numpy as np
import pytest
from tests.telemetry.observed import Observed, observe

from boxwright.client import Client
from boxwright.settings import Settings
from boxwright.telemetry import logs as telemetry
from boxwright.v1.detection_pb2 import DetectRequest, RawImage
from boxwright_contract.errors import ServerFailed

GOOD = DetectRequest(raw=RawImage(height_px=64, width_px=64, rgb=bytes(64 * 64 * 3)))
BAD = DetectRequest(raw=GOOD.raw, model="nobody")
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def call(observed: Observed, request: DetectRequest, *metadata: tuple[str, str]) -> str:
    """Return the request id that comes back."""
    sent: Any = observed.detection.Detect.future(request, metadata=metadata)
    sent.exception()
    found = [entry.value for entry in sent.trailing_metadata() if entry.key == "x-request-id"]
    assert len(found) == 1
    return str(found[0])


@pytest.mark.parametrize("request_", [GOOD, BAD], ids=["good", "refused"])
def test_the_callers_id_comes_back(observed: Observed, request_: DetectRequest) -> None:
    assert call(observed, request_, ("x-request-id", "order-66/a")) == "order-66/a"


def test_a_call_without_an_id_is_given_one_of_its_own(observed: Observed) -> None:
    ids = {call(observed, GOOD) for _ in range(5)}
    assert len(ids) == 5
    assert all(re.fullmatch(r"[0-9a-f]{16}", each) for each in ids)


def test_ids_that_would_spoil_a_log_are_made_fit(observed: Observed) -> None:
    assert call(observed, GOOD, ("x-request-id", "a b] c=1; d")) == "abc=1d"
    assert call(observed, GOOD, ("x-request-id", "x" * 1000)) == "x" * 64
    assert re.fullmatch(r"[0-9a-f]{16}", call(observed, GOOD, ("x-request-id", " ?! ")))


def test_an_id_of_several_is_the_first(observed: Observed) -> None:
    assert call(observed, GOOD, ("x-request-id", "one"), ("x-request-id", "two")) == "one"


@contextmanager
def logged(settings: Settings) -> Iterator[None]:
    """Send what is logged to standard error until the block ends."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    telemetry.set_up_logging(settings)
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)


def test_log_lines_of_calls_side_by_side_bear_their_own_ids(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"call-{number}" for number in range(8)]
    as_json = replace(settings, log_format="json", log_level="debug")
    with logged(as_json), observe(settings) as observed, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: call(observed, GOOD, ("x-request-id", name)), names))
        call(observed, BAD, ("x-request-id", "bad"), ("traceparent", PARENT))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    ended = [line for line in lines if line["logger"] == "boxwright.rpc.calls"]
    assert {line["request_id"]: line["message"].rpartition(" in ")[0] for line in ended} == {
        **{name: "Detect of boxwright.v1.DetectionService: OK" for name in names},
        "bad": "Detect of boxwright.v1.DetectionService: NOT_FOUND",
    }
    found = [line["request_id"] for line in lines if "detections in" in line["message"]]
    assert sorted(found) == names
    (refused,) = [line for line in lines if line["message"].startswith("refused")]
    assert refused["request_id"] == "bad"
    assert refused["trace_id"] == PARENT.split("-")[1]
    outside = [line for line in lines if line["logger"] == "boxwright.server"]
    assert outside
    assert not any("request_id" in line or "trace_id" in line for line in outside)


def test_lines_for_people_end_with_the_id(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with logged(replace(settings, log_level="debug")), observe(settings) as observed:
        call(observed, BAD, ("x-request-id", "order-66"))
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "refused" in line]
    assert line.endswith(" request_id=order-66")


def test_an_internal_error_is_told_and_logged_under_the_calls_id(
    observed: Observed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("boxwright.pipeline.resize", None)  # a bug
    with caplog.at_level(logging.ERROR):
        sent: Any = observed.detection.Detect.future(GOOD, metadata=(("x-request-id", "mine"),))
        assert sent.code() is grpc.StatusCode.INTERNAL
        assert sent.details() == "internal error mine; see the server log"
        with (
            Client(str(observed.address)) as client,
            pytest.raises(ServerFailed, match=r"internal error [0-9a-f]{16}; see"),
        ):
            client.detect(np.zeros((32, 32, 3), np.uint8))
    assert "internal error mine" in caplog.text


def test_a_slow_answer_is_a_warning_and_a_quick_one_is_not(
    observed: Observed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING")
    call(observed, GOOD)
    monkeypatch.setattr("boxwright.rpc.calls.SLOW_S", 1e-6)
    call(observed, GOOD)
    ended = [each for each in caplog.records if each.name == "boxwright.rpc.calls"]
    (slow,) = [record for record in ended if record.levelname == "WARNING"]
    assert slow.getMessage().startswith("Detect of boxwright.v1.DetectionService: OK in ")

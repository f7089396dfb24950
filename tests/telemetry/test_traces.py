"""Spans of calls and their stages, sent by the real exporter to a real receiver."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from tests.telemetry.collector import Collected, attributes, collector
from tests.telemetry.observed import free_port

from boxwright.telemetry.trace_export import set_up_tracing
from boxwright.v1.detection_pb2 import DetectRequest, RawImage
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

GOOD = DetectRequest(raw=RawImage(height_px=64, width_px=64, rgb=bytes(64 * 64 * 3)))
BAD = DetectRequest(raw=GOOD.raw, model="nobody")
TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
WITHOUT_SDK = "import sys; sys.modules['opentelemetry.sdk'] = None\n"
SERVE = "from boxwright.cli import main; main()"


@contextmanager
def served(
    models: Path, code: str = SERVE, **environ: str
) -> Iterator[tuple[subprocess.Popen[str], DetectionServiceStub]]:
    """Run `boxwright serve` as a process of its own, in an environment of these variables."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    port = free_port()
    options = f"serve --port {port} --no-metrics --device cpu --threads 1 --warm-up-s 0"
    command = [sys.executable, "-c", code, *options.split(), "--models", str(models)]
    with (
        subprocess.Popen(
            [*command, "--drain-delay-s", "0"],
            env={**ours, "OTEL_BSP_SCHEDULE_DELAY": "100", **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"serving on 127.0.0.1:{port}\n"
            yield process, DetectionServiceStub(channel)
        finally:
            process.kill()


def stopped(process: subprocess.Popen[str]) -> str:
    """Stop a server and return its log."""
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=30)
    assert process.returncode == 0, log
    return log


@dataclass(frozen=True)
class Traced:
    """A server that sends its traces, and what was received of them."""

    detection: DetectionServiceStub
    collected: Collected

    def call(self, request: DetectRequest, parent: str = "", request_id: str = "") -> list[Span]:
        """Make a call, and return its spans when they were received, that of the call first."""
        given = {"traceparent": parent, "x-request-id": request_id or uuid4().hex}
        metadata = tuple(given.items())
        call: Any = self.detection.Detect.future(request, metadata=metadata)
        call.exception()
        ending = time.monotonic() + 20
        while time.monotonic() < ending:
            for span in self.collected.spans:
                if attributes(span).get("boxwright.request_id") == given["x-request-id"]:
                    return [span, *self.collected.children(span)]
            time.sleep(0.02)
        raise TimeoutError(request_id)


@pytest.fixture(scope="module")
def traced(models: Path) -> Iterator[Traced]:
    with (
        collector() as (collected, endpoint),
        served(models, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_SERVICE_NAME="eyes") as (
            process,
            detection,
        ),
    ):
        yield Traced(detection, collected)
        assert "Traceback" not in stopped(process)


def test_a_call_is_a_span_of_its_callers_trace_with_a_child_for_each_stage(traced: Traced) -> None:
    began_ns = time.time_ns()
    call, *stages = traced.call(GOOD, f"00-{TRACE}-{CALLER}-01", "order-66")
    ended_ns = time.time_ns()
    assert call.name == "boxwright.v1.DetectionService/Detect"
    assert call.kind == Span.SPAN_KIND_SERVER
    assert call.parent_span_id.hex() == CALLER
    told = attributes(call)
    assert (told["rpc.method"], told["rpc.grpc.status_code"]) == ("Detect", 0)
    stages.sort(key=lambda span: span.start_time_unix_nano)
    done = [span.name for span in stages if span.name != "queue"]
    assert done == ["decode", "resize", "inference"]
    assert {span.trace_id.hex() for span in (call, *stages)} == {TRACE}
    assert {attributes(span)["boxwright.device.model"] for span in stages} == {"bright"}
    moments = [began_ns, call.start_time_unix_nano]
    for span in stages:
        moments += [span.start_time_unix_nano, span.end_time_unix_nano]
    moments += [call.end_time_unix_nano, ended_ns]
    assert moments == sorted(moments)


def test_a_refused_call_of_no_trace_begins_one_and_tells_its_status(traced: Traced) -> None:
    (one,), (two,) = traced.call(BAD), traced.call(BAD)
    assert one.trace_id != two.trace_id
    assert one.parent_span_id == two.parent_span_id == b""
    assert attributes(one)["rpc.grpc.status_code"] == grpc.StatusCode.NOT_FOUND.value[0]
    assert one.status.code == Status.STATUS_CODE_UNSET  # it is the caller's fault


def test_calls_that_the_caller_does_not_sample_are_not_sent(traced: Traced) -> None:
    traced.detection.Detect(GOOD, metadata=(("traceparent", f"00-{'a' * 32}-{CALLER}-00"),))
    traced.call(GOOD)
    assert "a" * 32 not in {span.trace_id.hex() for span in traced.collected.spans}


@pytest.mark.parametrize("broken", ["00-0-0-0", "x" * 5000, f"00-{'0' * 32}-{CALLER}-01"])
def test_a_broken_traceparent_begins_a_new_trace(traced: Traced, broken: str) -> None:
    call, *_ = traced.call(GOOD, broken)
    assert call.parent_span_id == b""


def test_the_name_of_the_service_is_opentelemetrys_to_set(traced: Traced) -> None:
    traced.call(GOOD)
    assert traced.collected.resource["service.name"] == "eyes"
    assert traced.collected.resource["service.version"]


def test_a_collector_that_is_gone_costs_no_answer_and_delays_the_exit_little(models: Path) -> None:
    gone = f"http://127.0.0.1:{free_port()}"
    with served(models, OTEL_EXPORTER_OTLP_ENDPOINT=gone) as (process, detection):
        for _ in range(20):
            detection.Detect(GOOD)
        told = time.monotonic()
        stopped(process)
        assert time.monotonic() - told < 10


def test_nothing_is_loaded_or_sent_where_nobody_asks_for_traces(models: Path) -> None:
    code = "import atexit, sys\n" + (
        "atexit.register(lambda: print('sdk:', 'opentelemetry.sdk.trace' in sys.modules))\n" + SERVE
    )
    with served(models, code) as (process, detection):
        detection.Detect(GOOD)
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=30)
    assert printed == "sdk: False\n"


def test_traces_without_the_sdk_are_a_warning_with_the_cure(models: Path) -> None:
    with served(models, WITHOUT_SDK + SERVE, OTEL_TRACES_EXPORTER="otlp") as (process, detection):
        detection.Detect(GOOD)
        log = stopped(process)
    (line,) = [line for line in log.splitlines() if "no traces are sent" in line]
    assert "WARNING" in line
    assert line.endswith("pip install 'boxwright[traces]', or set OTEL_TRACES_EXPORTER=none.")


@pytest.mark.parametrize(
    ("environ", "warning"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER is 'zipkin'"),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            },
            "the protocol 'http/protobuf' is asked for",
        ),
    ],
    ids=["another exporter", "another protocol"],
)
def test_traces_that_cannot_be_sent_as_asked_are_a_warning(
    environ: dict[str, str], warning: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING")
    assert not set_up_tracing(environ)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert warning in record.getMessage()


@pytest.mark.parametrize(
    "environ",
    [{}, {"OTEL_TRACES_EXPORTER": "none"}, {"OTEL_SDK_DISABLED": "true"}],
    ids=["nobody asked", "none", "disabled"],
)
def test_traces_are_off_without_a_word_where_they_are_not_wanted(
    environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317"} if environ else {}
    assert not set_up_tracing({**environ, **endpoint})
    assert not caplog.records

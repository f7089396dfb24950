"""A server's life: start, SERVING, drain, end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.detection_pb2 import DetectRequest, DetectResponse, RawImage
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub
from boxwright_contract.errors import BadSettings

REQUEST = DetectRequest(raw=RawImage(height_px=64, width_px=64, rgb=bytes(64 * 64 * 3)))

SERVE = """
import asyncio, os, sys
from boxwright.server import serve
from boxwright.settings import Settings
from boxwright.telemetry.logs import set_up_logging

settings = Settings.read()
set_up_logging(settings)
asyncio.run(serve(settings, lambda address: print(address, flush=True)))
print("telemetry off:", os.environ["ORT_DISABLE_TELEMETRY"])
print("heavy:", sorted({"torch", "torchvision", "onnx", "timm"} & set(sys.modules)))
"""


@contextmanager
def server_process(models: Path, **environ: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a server as a process of its own; yield it and its address."""
    variables = {
        "BOXWRIGHT_MODELS": str(models),
        "BOXWRIGHT_PORT": "0",
        "BOXWRIGHT_DEVICE": "cpu",
        "BOXWRIGHT_THREADS": "1",
        "BOXWRIGHT_WARM_UP_S": "0",
        **environ,
    }
    with subprocess.Popen(
        [sys.executable, "-c", SERVE],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_calls_in_flight_finish_when_the_server_is_told_to_stop(
    make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    make_bundle(tmp_path / "slow" / "1", multiplications=5)
    drain = {"BOXWRIGHT_MAX_BATCH": "1", "BOXWRIGHT_DRAIN_DELAY_S": "1"}
    with (
        server_process(tmp_path, **drain) as (process, address),
        grpc.insecure_channel(address) as channel,
    ):
        detection = DetectionServiceStub(channel)
        health: Any = HealthStub(channel)
        gone, watch = health.Watch(HealthCheckRequest()), health.Watch(HealthCheckRequest())
        assert next(gone).status == next(watch).status == HealthCheckResponse.SERVING
        gone.cancel()
        calls = [detection.Detect.future(REQUEST) for _ in range(20)]
        calls[0].result()
        process.send_signal(signal.SIGTERM)
        assert next(watch).status == HealthCheckResponse.NOT_SERVING
        in_flight = [call for call in calls if not call.done()]
        assert in_flight, "every call was answered before SIGTERM: make the model slower"
        late = detection.Detect(REQUEST)  # balancers have not all seen NOT_SERVING yet
        assert [type(call.result()) for call in calls] == [DetectResponse] * 20
        assert isinstance(late, DetectResponse)
        assert list(watch) == []
        output, log = process.communicate(timeout=15)  # half the grace: nothing holds the drain up
    assert process.returncode == 0, log
    assert "draining" in log
    assert "Traceback" not in log
    assert "telemetry off: 1" in output


def test_a_server_that_is_told_twice_to_stop_waits_for_nothing_more(
    make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    make_bundle(tmp_path / "slow" / "1", multiplications=5)
    with (
        server_process(tmp_path, BOXWRIGHT_DRAIN_DELAY_S="20") as (process, address),
        grpc.insecure_channel(address) as channel,
    ):
        detection = DetectionServiceStub(channel)
        calls = [detection.Detect.future(REQUEST) for _ in range(40)]
        calls[0].result()
        process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=10)  # half the delay alone
        cut_off = [call for call in calls if call.exception() is not None]
    assert process.returncode == 0, log
    assert "told to stop again: calls in flight are cut off" in log
    assert "Traceback" not in log
    assert cut_off


def test_a_server_that_answered_has_loaded_nothing_of_training(models: Path) -> None:
    with (
        server_process(models, BOXWRIGHT_DRAIN_DELAY_S="0") as (process, address),
        grpc.insecure_channel(address) as channel,
    ):
        DetectionServiceStub(channel).Detect(REQUEST)
        process.send_signal(signal.SIGINT)
        output, log = process.communicate(timeout=30)
    assert process.returncode == 0, log
    assert "heavy: []" in output


def test_the_log_tells_the_address_the_models_the_device_and_what_is_not_served(
    models: Path,
) -> None:
    with server_process(models, BOXWRIGHT_DRAIN_DELAY_S="0") as (process, address):
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    assert f"SERVING on {address} after" in log
    assert "model bright/10 (bright_areas+nothing) on CPUExecutionProvider" in log
    assert "not served: altered/1:" in log


def test_a_port_in_use_is_refused_with_the_cure(address: Address, settings: Settings) -> None:
    with (
        pytest.raises(BadSettings, match=r"another program may have the port.*\(--port\), 0 for"),
        serve_in_background(replace(settings, port=address.port)),
    ):
        pass


def test_a_folder_without_models_is_refused_at_start(settings: Settings, tmp_path: Path) -> None:
    with (
        pytest.raises(BadSettings, match="no model in"),
        serve_in_background(replace(settings, models=tmp_path)),
    ):
        pass


def test_a_background_server_ends_with_its_block(settings: Settings) -> None:
    with serve_in_background(settings) as address:
        with grpc.insecure_channel(str(address)) as channel:
            DetectionServiceStub(channel).Detect(REQUEST)
        started = time.monotonic()
    assert time.monotonic() - started < 5
    with grpc.insecure_channel(str(address)) as channel, pytest.raises(grpc.RpcError) as caught:
        DetectionServiceStub(channel).Detect(REQUEST)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_full_server_refuses_and_recovers(
    make_bundle: Callable[..., Path], settings: Settings, tmp_path: Path
) -> None:
    make_bundle(tmp_path / "slow" / "1", multiplications=5)
    small = replace(settings, models=tmp_path, max_requests=2, max_batch=1)
    with serve_in_background(small) as address, grpc.insecure_channel(str(address)) as channel:
        detection = DetectionServiceStub(channel)
        calls = [detection.Detect.future(REQUEST) for _ in range(10)]
        codes = [call.code() for call in calls]
        assert set(codes) == {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert isinstance(detection.Detect(REQUEST), DetectResponse)


def test_a_caller_whose_deadline_passes_costs_the_next_one_nothing(
    make_bundle: Callable[..., Path], settings: Settings, tmp_path: Path
) -> None:
    make_bundle(tmp_path / "slow" / "1", multiplications=20)
    slow = replace(settings, models=tmp_path, max_batch=1)
    with serve_in_background(slow) as address, grpc.insecure_channel(str(address)) as channel:
        detection = DetectionServiceStub(channel)
        impatient = [detection.Detect.future(REQUEST, timeout=0.05) for _ in range(20)]
        assert {call.code() for call in impatient} == {grpc.StatusCode.DEADLINE_EXCEEDED}
        times = detection.Detect(REQUEST).times
        assert times.queue_ms < 3 * times.inference_ms  # of 20, the one that ran, not all


@pytest.mark.parametrize(
    ("host", "text"),
    [("127.0.0.1", "127.0.0.1:7"), ("::", "[::]:7"), ("[::1]", "[::1]:7"), ("name", "name:7")],
)
def test_an_address_reads_as_channels_take_it(host: str, text: str) -> None:
    assert str(Address(host, 7)) == text

"""`boxwright top`: what it works out of metrics, and what it shows of a live server."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.telemetry.observed import Observed, free_port
from typer.testing import CliRunner

from boxwright.cli import app
from boxwright.cli.top.figures import Figures, figures
from boxwright.cli.top.snapshot import Snapshot, read
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.detection_pb2 import DetectRequest, RawImage

GOOD = DetectRequest(raw=RawImage(height_px=64, width_px=64, rgb=bytes(64 * 64 * 3)))
BEFORE = """
boxwright_build_info{version="7"} 1
process_start_time_seconds 1000
process_cpu_seconds_total 10
process_resident_memory_bytes 1048576
boxwright_model_nodes{model="people",version="2",precision="bfloat16",provider="Open"} 90
boxwright_model_nodes{model="people",version="1",precision="bfloat16",provider="Open"} 10
boxwright_open_calls{service="s",method="DetectStream"} 2
boxwright_open_calls{service="s",method="Detect"} 5
boxwright_queue_requests{model="people"} 3
boxwright_stage_seconds_bucket{model="people",version="1",stage="total",le="0.01"} 100
boxwright_stage_seconds_bucket{model="people",version="1",stage="total",le="0.02"} 100
boxwright_stage_seconds_bucket{model="people",version="1",stage="total",le="+Inf"} 100
boxwright_stage_seconds_count{model="people",version="1",stage="total"} 100
"""
AFTER = (
    BEFORE.replace("total 10\n", "total 13\n")
    .replace('le="0.02"} 100', 'le="0.02"} 120')
    .replace('le="+Inf"} 100', 'le="+Inf"} 120')
    .replace('stage="total"} 100', 'stage="total"} 120')
    + """
boxwright_batch_images_sum{model="people"} 20
boxwright_batch_images_count{model="people"} 4
boxwright_canvas_pixels_total{model="people",use="image"} 750
boxwright_canvas_pixels_total{model="people",use="filling"} 250
boxwright_lost_requests_total{model="people",why="shed"} 6
boxwright_call_seconds_count{service="s",method="Detect",code="OK"} 20
boxwright_call_seconds_count{service="s",method="Other",code="OK"} 4
"""
)


def at(moment: float, text: str) -> Snapshot:
    return Snapshot(moment, 1000 + moment, read(text, "here").samples)


def worked_out() -> Figures:
    return figures(at(60, BEFORE), at(62, AFTER))


def test_rates_are_of_the_time_between_two_looks() -> None:
    now = worked_out()
    assert (now.version, now.span_s, now.uptime_s) == ("7", 2, 62)
    assert (now.images_per_s, now.cpu_cores, now.memory_bytes) == (10, 1.5, 1 << 20)
    assert (now.open_calls, now.open_streams) == (7, 2)
    (lost,), (ok,) = now.lost, now.calls
    assert (lost.what, lost.total, lost.per_s) == ("shed", 6, 3)
    assert (ok.what, ok.total, ok.per_s) == ("OK", 24, 12)


def test_percentiles_are_of_the_requests_between_two_looks() -> None:
    total = worked_out().stages[-1]
    assert (total.stage, total.p50_ms, total.p99_ms) == ("total", 15, 19.9)
    assert {stage.p99_ms for stage in worked_out().stages[:-1]} == {None}


def test_a_model_is_one_though_it_has_versions() -> None:
    (model,) = worked_out().models
    assert (model.model, model.versions, model.precisions) == ("people", ("2", "1"), ("bfloat16",))
    assert model.nodes == {"Open": 100}
    assert (model.images_per_s, model.p50_ms, model.queue) == (10, 15, 3)
    assert (model.mean_batch, model.filling_percent) == (5, 25)


@contextmanager
def load(observed: Observed) -> Iterator[None]:
    """Ask the server without a pause until the block ends."""
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            observed.detection.Detect(GOOD)
            observed.detection.Detect.future(DetectRequest(encoded=b"no image")).exception()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join()


def test_one_look_at_a_busy_server_shows_speed_stages_and_refusals(observed: Observed) -> None:
    with load(observed):
        shown = CliRunner().invoke(app, ["top", observed.metrics, "--once"], env={"COLUMNS": "100"})
    assert shown.exit_code == 0, shown.output
    assert observed.metrics in shown.output
    for text in ("images/s", "bright 10,9", "float32 CPU", "decode", "inference", "█", "OK"):
        assert text in shown.output
    assert "INVALID_ARGUMENT" in shown.output
    assert max(len(line) for line in shown.output.splitlines()) <= 100


def test_one_look_as_json_is_a_line_with_the_same(observed: Observed) -> None:
    with load(observed):
        shown = CliRunner().invoke(app, ["top", observed.metrics, "--once", "--json"])
    (line,) = shown.output.splitlines()
    told = json.loads(line)
    assert told["images_per_s"] > 0
    (model,) = told["models"]
    assert model["model"] == "bright"
    assert model["mean_batch"] == 1
    assert {count["what"] for count in told["calls"]} == {"OK", "INVALID_ARGUMENT"}


def test_an_idle_server_is_shown_too(observed: Observed) -> None:
    shown = CliRunner().invoke(app, ["top", observed.metrics, "--once", "--every", "0.1"])
    assert shown.exit_code == 0
    assert "0.0 images/s" in shown.output


@contextmanager
def watching(metrics: str) -> Iterator[Callable[[bytes], None]]:
    """Run the live picture in a terminal of its own; yield what waits for it to show a text."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "boxwright", "top", metrics, "--every", "0.1"]
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        drawn = b""

        def wait_for(text: bytes) -> None:
            nonlocal drawn
            drawn = b""
            while text not in drawn:
                drawn += os.read(ours, 1 << 16)

        try:
            yield wait_for
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()
            os.close(ours)


def test_the_live_picture_is_drawn_again_and_again_until_ctrl_c(observed: Observed) -> None:
    with load(observed), watching(observed.metrics) as wait_for:
        for _ in range(3):
            wait_for(b"images/s")


def test_the_live_picture_outlives_a_restart_of_the_server(
    settings: Settings, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    make_bundle(tmp_path / "second" / "1")
    again = replace(settings, metrics_port=free_port(), warm_up_s=0)
    with ExitStack() as stack:
        with serve_in_background(again):
            wait_for = stack.enter_context(watching(f"127.0.0.1:{again.metrics_port}"))
            wait_for(b"bright 10,9")
        wait_for(b"no metrics can be read")
        with serve_in_background(replace(again, models=tmp_path)):
            wait_for(b"second 1")


@pytest.mark.parametrize(
    ("address", "code", "message"),
    [
        ("nobody", 2, "'nobody' is no host and port"),
        ("127.0.0.1:99999", 2, "is no host and port"),
        (f"127.0.0.1:{free_port()}", 3, "no metrics can be read at"),
    ],
    ids=["no port", "no such port", "nobody there"],
)
def test_where_nothing_is_to_be_seen_the_cure_is_told(
    address: str, code: int, message: str
) -> None:
    shown = CliRunner().invoke(app, ["top", address])
    assert shown.exit_code == code
    assert message in shown.stderr
    assert "Metrics are on the port after the server's" in shown.stderr


def test_a_server_that_is_asked_on_its_own_port_is_told_apart(observed: Observed) -> None:
    shown = CliRunner().invoke(app, ["top", str(observed.address)])
    assert shown.exit_code == 3
    assert "is not the metrics of a Boxwright server" in shown.stderr

"""Metrics tell what was sent, and the page that explains them tells them all."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from tests.telemetry.observed import Observed

from boxwright.cli.top.snapshot import Snapshot, take
from boxwright.telemetry.metrics import STAGES
from boxwright.v1.catalog_pb2 import ListModelsRequest
from boxwright.v1.catalog_pb2_grpc import CatalogServiceStub
from boxwright.v1.detection_pb2 import DetectRequest, DetectStreamRequest, RawImage

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
ROW = re.compile(
    r"\| `(?P<name>boxwright_\w+)` \| (?P<kind>\w+) \| (?P<labels>.*?) ?\| (?P<help>.*) \|"
)


def request(side_px: int = 64, **fields: Any) -> DetectRequest:
    raw = RawImage(height_px=side_px, width_px=side_px, rgb=bytes(side_px * side_px * 3))
    return DetectRequest(raw=raw, **fields)


def until(holds: Callable[[], bool]) -> None:
    """Wait for what a server notes a moment after its answer is out."""
    ending = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < ending
        time.sleep(0.02)


def calls(now: Snapshot, code: str) -> float:
    return now.total("boxwright_call_seconds_count", method="Detect", code=code)


def test_good_bad_and_expired_requests_are_counted_as_what_they_are(slow: Observed) -> None:
    for _ in range(5):
        slow.detection.Detect(request())
    bad = [request(model="nobody"), request(min_score=7), DetectRequest(encoded=b"no image")]
    codes = [slow.detection.Detect.future(each).code().name for each in bad]
    assert codes == ["NOT_FOUND", "INVALID_ARGUMENT", "INVALID_ARGUMENT"]
    in_the_way = slow.detection.Detect.future(request())
    expired = [slow.detection.Detect.future(request(), timeout=0.05) for _ in range(2)]
    assert {call.code() for call in expired} == {grpc.StatusCode.DEADLINE_EXCEEDED}
    in_the_way.result()
    until(lambda: calls(take(slow.metrics), "DEADLINE_EXCEEDED") == 2)
    now = take(slow.metrics)
    assert calls(now, "OK") == 6
    assert calls(now, "NOT_FOUND") == 1
    assert calls(now, "INVALID_ARGUMENT") == 2
    assert calls(now, "INTERNAL") == calls(now, "UNKNOWN") == 0
    for stage in STAGES:
        wanted = 0 if stage == "proposals" else 6  # the model needs none
        assert now.total("boxwright_stage_seconds_count", model="slow", stage=stage) == wanted
    assert now.total("boxwright_lost_requests_total", why="expired") == 2
    assert now.total("boxwright_queue_requests") == now.total("boxwright_open_calls") == 0


def test_requests_that_are_shed_or_cancelled_are_counted(slow: Observed) -> None:
    sent = [slow.detection.Detect.future(request()) for _ in range(12)]
    shed = [call.code() for call in sent].count(grpc.StatusCode.RESOURCE_EXHAUSTED)
    given_up = slow.detection.Detect.future(request())
    until(lambda: take(slow.metrics).total("boxwright_open_calls", method="Detect") == 1)
    given_up.cancel()
    until(lambda: calls(take(slow.metrics), "CANCELLED") == 1)
    now = take(slow.metrics)
    assert shed > 0
    assert now.total("boxwright_lost_requests_total", why="shed") == shed
    assert now.total("boxwright_lost_requests_total", model="slow", why="cancelled") == 1
    assert calls(now, "RESOURCE_EXHAUSTED") == shed
    assert calls(now, "OK") == 12 - shed


def test_images_runs_and_filling_add_up(observed: Observed) -> None:
    for version in ("9", "10"):
        observed.detection.Detect(request(side_px=64, version=version))
    now = take(observed.metrics)
    images = now.total("boxwright_batch_images_sum", model="bright")
    assert images == 2
    image = now.total("boxwright_canvas_pixels_total", use="image")
    filling = now.total("boxwright_canvas_pixels_total", use="filling")
    assert image == 2 * 64 * 64  # which the model's rule leaves as it is
    assert (image + filling) % (32 * 32) == 0


def test_the_models_that_are_served_and_what_runs_them_are_told(observed: Observed) -> None:
    samples = take(observed.metrics).samples["boxwright_model_nodes"]
    told = [tuple(value for _, value in sorted(sample.labels.items())) for sample in samples]
    assert sorted(told) == [
        ("bright", "float32", "CPUExecutionProvider", version) for version in ("10", "9")
    ]
    assert all(sample.value > 10 for sample in samples)
    assert take(observed.metrics).total("boxwright_unserved_models") == 1


def test_the_versions_of_a_model_are_told_apart(observed: Observed) -> None:
    for version, times in (("9", 1), ("10", 2), ("", 1)):  # the newest, if none is named
        for _ in range(times):
            observed.detection.Detect(request(model="bright", version=version))
    counted = take(observed.metrics).total
    for version, times in (("9", 1), ("10", 3)):
        named = counted("boxwright_stage_seconds_count", stage="total", version=version)
        assert named == times


def test_a_stream_is_open_until_it_ends(observed: Observed) -> None:
    over = threading.Event()

    def frames() -> Iterator[DetectStreamRequest]:
        yield DetectStreamRequest(id="1", request=request())
        over.wait()

    answers: Any = observed.detection.DetectStream(frames())
    assert next(answers).id == "1"
    now = take(observed.metrics)
    assert now.total("boxwright_open_calls", method="DetectStream") == 1
    assert now.total("boxwright_stage_seconds_count", stage="total") == 1
    over.set()
    assert list(answers) == []
    until(lambda: take(observed.metrics).total("boxwright_open_calls") == 0)
    now = take(observed.metrics)
    assert now.total("boxwright_call_seconds_count", method="DetectStream", code="OK") == 1


def test_methods_that_callers_invent_are_one(observed: Observed) -> None:
    for name in ("One", "Two"):
        invented: Any = observed.channel.unary_unary(f"/boxwright.v1.DetectionService/{name}")
        assert invented.future(b"").code() is grpc.StatusCode.UNIMPLEMENTED
    now = take(observed.metrics)
    assert now.values("boxwright_call_seconds_count", "method") == ["unknown"]
    assert now.total("boxwright_call_seconds_count", code="UNIMPLEMENTED") == 2


def families(observed: Observed) -> dict[str, Metric]:
    observed.detection.Detect(request())
    CatalogServiceStub(observed.channel).ListModels(ListModelsRequest())
    assert observed.detection.Detect.future(request(), timeout=1e-9).code()
    until(lambda: take(observed.metrics).total("boxwright_open_calls") == 0)
    _, text = observed.get()
    found = text_string_to_metric_families(text)
    return {family.name: family for family in found if family.name.startswith("boxwright")}


def test_the_page_tells_every_metric_with_its_type_labels_and_meaning(observed: Observed) -> None:
    told = {row["name"].removesuffix("_total"): row for row in ROW.finditer(PAGE.read_text())}
    found = {
        name: family for name, family in families(observed).items() if not name.endswith("_created")
    }
    assert set(told) == set(found)
    for name, row in told.items():
        assert row["kind"] == found[name].type
        assert row["help"] == found[name].documentation
        labels = {label for sample in found[name].samples for label in sample.labels} - {"le"}
        assert set(re.findall(r"`(\w+)`", row["labels"])) >= labels

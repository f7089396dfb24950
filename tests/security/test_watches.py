"""Watches of health stay for ever, and keep no room from the calls beside them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from tests.hostile.living import Living, living
from tests.telemetry.observed import free_port

from boxwright.server import serve_in_background
from boxwright.settings import Settings

MIB = 1 << 20
SERVICE = "boxwright.v1.DetectionService"


@pytest.fixture
def living_one(make_bundle: Callable[..., Path], tmp_path: Path) -> Iterator[Living]:
    """A server in a process of its own."""
    make_bundle(tmp_path / "models" / "bright" / "1")
    quick = {"device": "cpu", "threads": 1, "warm_up_s": 0}
    with living(tmp_path / "models", tmp_path / "log", **quick) as server:
        yield server


def watched_and_checked(address: str, watches: int) -> int:
    """Return the status that a check tells while services are watched."""
    with grpc.insecure_channel(address) as channel:
        health: Any = HealthStub(channel)
        calls = [health.Watch(HealthCheckRequest(service=SERVICE)) for _ in range(watches)]
        assert {next(call).status for call in calls} == {HealthCheckResponse.SERVING}
        status: int = health.Check(HealthCheckRequest(), timeout=2).status
        for call in calls:
            call.cancel()
    return status


def test_watches_of_a_service_do_not_hold_up_probes_of_the_health_port(
    settings: Settings,
) -> None:
    port = free_port()
    with serve_in_background(replace(settings, metrics=False, health_port=port)):
        assert watched_and_checked(f"127.0.0.1:{port}", 20) == HealthCheckResponse.SERVING


def test_watches_do_not_hold_up_health_calls_where_there_is_little_room(
    settings: Settings,
) -> None:
    narrow = replace(settings, metrics=False, max_inside_bytes=settings.max_message_bytes)
    with serve_in_background(narrow) as address:
        assert watched_and_checked(str(address), 3) == HealthCheckResponse.SERVING


def test_a_watch_keeps_nothing_of_a_large_request(living_one: Living) -> None:
    long_name = HealthCheckRequest(service="x" * (15 * MIB))
    with grpc.insecure_channel(living_one.address) as channel:
        health: Any = HealthStub(channel)
        before_mb = living_one.resident_mb()
        calls = []
        for _ in range(16):  # one after another, so that no two come in at once
            calls.append(health.Watch(long_name))
            assert next(calls[-1]).status == HealthCheckResponse.SERVICE_UNKNOWN
        assert living_one.resident_mb() - before_mb < 120  # of the 240 MB that they sent
        assert health.Check(HealthCheckRequest(), timeout=2).status == HealthCheckResponse.SERVING
        for call in calls:
            call.cancel()

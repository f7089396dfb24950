"""Envoy before servers that die, stop, come late, fail, or are full: what callers see of it."""

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from tests.deploy.calling import CALLERS, REQUEST, code, detection_at, load
from tests.deploy.envoys import envoy_before, free_port
from tests.deploy.sick_servers import sick_server
from tests.security.test_two_servers import server as server_process

from boxwright.client import Client
from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings

pytestmark = pytest.mark.deploy

PHOTO = np.zeros((64, 96, 3), np.uint8)
DRAIN_DELAY_S = "2.5"
"""More than it takes Envoy to ask a server for its health: 1 s, and at most 1 s for an answer."""


class Fleet:
    """Servers in processes of their own, on ports that they keep."""

    def __init__(self, models: Path, stack: ExitStack, size: int) -> None:
        self._models, self._stack = models, stack
        self.addresses = [Address("127.0.0.1", free_port()) for _ in range(size)]
        self.processes: dict[Address, subprocess.Popen[str]] = {}

    def start(self, *addresses: Address) -> None:
        for each in addresses:
            options = ("--drain-delay-s", DRAIN_DELAY_S, "--warm-up-s", "0")
            running = server_process(self._models, each.port, *options)
            self.processes[each], _ = self._stack.enter_context(running)

    def stop(self, address: Address) -> None:
        """Tell one to stop, and wait until it has."""
        self.processes[address].send_signal(signal.SIGTERM)
        self.processes[address].communicate(timeout=60)


@pytest.fixture
def make_fleet(models: Path) -> Iterator[Callable[[int], Fleet]]:
    with ExitStack() as stack:
        yield lambda size: Fleet(models, stack, size)


def test_a_server_that_is_killed_costs_at_most_the_calls_inside_it(
    make_fleet: Callable[[int], Fleet], tmp_path: Path
) -> None:
    fleet = make_fleet(3)
    fleet.start(*fleet.addresses)
    dying = fleet.addresses[0]
    with envoy_before(tmp_path, fleet.addresses) as envoy, load(envoy.address) as calls:
        fleet.processes[dying].kill()
        calls.goes_on(300)
        lost = Counter(calls.codes)
        del lost["OK"]
        assert set(lost) <= {"UNAVAILABLE"}
        assert lost.total() <= CALLERS
        fleet.start(dying)
        before = envoy.calls(dying)
        envoy.until(lambda now: now.calls(dying) > before + 20)  # it is given calls again


def test_our_client_asks_again_and_loses_nothing_when_a_server_is_killed(
    make_fleet: Callable[[int], Fleet], tmp_path: Path
) -> None:
    fleet = make_fleet(2)
    fleet.start(*fleet.addresses)
    with (
        envoy_before(tmp_path, fleet.addresses) as envoy,
        Client(envoy.address) as client,
        ThreadPoolExecutor(CALLERS) as pool,
    ):
        asking = [pool.submit(client.detect, PHOTO, model="bright") for _ in range(400)]
        asking[100].result()
        fleet.processes[fleet.addresses[0]].kill()
        assert not any(each.result().detections for each in asking)


def test_a_rolling_restart_fails_no_call(
    make_fleet: Callable[[int], Fleet], tmp_path: Path
) -> None:
    fleet = make_fleet(3)
    fleet.start(*fleet.addresses)
    with envoy_before(tmp_path, fleet.addresses) as envoy, load(envoy.address) as calls:
        for each in fleet.addresses:
            fleet.stop(each)
            fleet.start(each)
            envoy.until(lambda now: now.count("membership_healthy") == 3)
            calls.goes_on()
        assert set(calls.codes) == {"OK"}
        assert calls.codes["OK"] > 500


def test_a_server_that_comes_late_is_given_calls_within_seconds(
    make_fleet: Callable[[int], Fleet], tmp_path: Path
) -> None:
    fleet = make_fleet(2)
    first, late = fleet.addresses
    fleet.start(first)
    with (
        envoy_before(tmp_path, fleet.addresses, healthy=1) as envoy,
        load(envoy.address) as calls,
    ):
        assert envoy.calls(late) == 0
        fleet.start(late)
        came = time.monotonic()
        envoy.until(lambda now: now.calls(late) > 20)
        assert time.monotonic() - came < 5
        assert set(calls.codes) == {"OK"}


def test_a_server_that_fails_every_call_though_its_health_is_fine_is_turned_out(
    settings: Settings, tmp_path: Path
) -> None:
    with (
        serve_in_background(settings) as good,
        sick_server(grpc.StatusCode.INTERNAL) as (at, sick),
        envoy_before(tmp_path, [good, at]) as envoy,
        load(envoy.address) as calls,
    ):
        envoy.until(lambda now: now.count("outlier_detection.ejections_active") == 1)
        calls.goes_on(50)
        failed = calls.codes["INTERNAL"]
        calls.goes_on(200)
        assert calls.codes["INTERNAL"] == failed
        assert sick.calls == failed < 100


@pytest.mark.parametrize(
    ("status", "well"),
    [(grpc.StatusCode.DEADLINE_EXCEEDED, 10), (grpc.StatusCode.RESOURCE_EXHAUSTED, 0)],
)
def test_a_server_is_not_turned_out_for_what_its_callers_and_their_number_do(
    status: grpc.StatusCode, well: int, tmp_path: Path
) -> None:
    with (
        sick_server(status, well) as (one, counted),
        sick_server(status, well) as (two, _),
        envoy_before(tmp_path, [one, two]) as envoy,
        detection_at(envoy.address) as detection,
    ):
        ends = Counter(code(detection) for _ in range(200))
        assert ends[status.name] >= 180
        assert envoy.count("outlier_detection.ejections_total") == 0
        assert 50 < counted.calls < 150


def test_a_lone_server_is_never_turned_out(tmp_path: Path) -> None:
    with (
        sick_server(grpc.StatusCode.INTERNAL) as (lone, counted),
        envoy_before(tmp_path, [lone]) as envoy,
        detection_at(envoy.address) as detection,
    ):
        assert {code(detection) for _ in range(100)} == {"INTERNAL"}
        assert counted.calls == 100


def test_what_is_asked_again_stays_a_fraction_of_what_is_asked(tmp_path: Path) -> None:
    with (
        sick_server(grpc.StatusCode.UNAVAILABLE) as (one, first),
        sick_server(grpc.StatusCode.UNAVAILABLE) as (two, second),
        envoy_before(tmp_path, [one, two]) as envoy,
        detection_at(envoy.address) as detection,
    ):
        started: list[Any] = [detection.Detect.future(REQUEST, timeout=30) for _ in range(1000)]
        assert {each.code().name for each in started} == {"UNAVAILABLE"}
        asked = first.calls + second.calls
        assert envoy.count("upstream_rq_retry_overflow") > 100
        assert 1000 < asked < 2000


def test_a_full_server_is_not_asked_again_and_its_hint_reaches_the_caller(
    settings: Settings, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    make_bundle(tmp_path / "models" / "bright" / "1", multiplications=20)
    full = replace(settings, models=tmp_path / "models", max_requests=1, lanes=1, warm_up_s=0)
    with (
        serve_in_background(full) as address,
        envoy_before(tmp_path, [address]) as envoy,
        detection_at(envoy.address) as detection,
    ):
        calls: list[Any] = [detection.Detect.future(REQUEST, timeout=30) for _ in range(8)]
        refused = [each for each in calls if each.code() is grpc.StatusCode.RESOURCE_EXHAUSTED]
        assert len(refused) == 7
        assert envoy.calls(address) == 8
        for each in refused:
            hints = dict(each.trailing_metadata())
            assert int(hints["grpc-retry-pushback-ms"]) > 0
            status = Status.FromString(hints["grpc-status-details-bin"])
            assert any(detail.Is(RetryInfo.DESCRIPTOR) for detail in status.details)

"""Callers that give up at any moment, beside one that does not: nothing of them stays."""

import asyncio
import gc
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from tests.hostile.steady import asked, steady
from tests.telemetry.observed import Observed, observe

from boxwright.cli.top.snapshot import take
from boxwright.settings import Settings
from boxwright.v1.detection_pb2 import DetectStreamRequest

CALLS, GIVING_UP = 300, 6
PLACES, STREAMS = 24, 8
CANCELLED = {"OK", "CANCELLED"}


@pytest.fixture
def server(
    make_bundle: Callable[..., Path], settings: Settings, tmp_path: Path
) -> Iterator[Observed]:
    """A server whose model takes some 20 ms for an image, so that requests wait for each other."""
    make_bundle(tmp_path / "bright" / "1", multiplications=1)
    limits = {"max_requests": PLACES, "max_streams": STREAMS, "max_batch": 2}
    with observe(settings, models=tmp_path, lanes=1, **limits) as server:
        yield server


def waits(chance: random.Random) -> float:
    """Return after how long a caller gives up: from at once to after the answer."""
    return chance.choice((0, chance.uniform(0, 0.003), chance.uniform(0, 0.05), chance.random()))


def given_up(call: Any, seed: int) -> str:
    """Wait for a while, then give a call up; return how it ended."""
    time.sleep(waits(random.Random(seed)))
    call.cancel()
    return str(call.code().name)


def unary_given_up(server: Observed, seed: int) -> str:
    return given_up(server.detection.Detect.future(asked(seed % 96)), seed)


def stream_given_up(server: Observed, seed: int) -> str:
    order = seed % 2
    endless = (
        DetectStreamRequest(request=asked(number % 96), order=order)  # type: ignore[arg-type]
        for number in itertools.count()
    )
    return given_up(server.detection.DetectStream(endless), seed)


def tasks() -> int:
    """Count what is at work in the event loops of this process, the server's among them."""
    found = (each for each in gc.get_objects() if issubclass(type(each), asyncio.Task))
    return sum(not task.done() for task in found)


@contextmanager
def nothing_left(server: Observed) -> Iterator[None]:
    """Check that as much is at work after the block as before it."""
    server.detection.Detect(asked(1))
    until(lambda: total(server, "boxwright_open_calls") == 0)
    before = tasks()
    yield
    until(lambda: total(server, "boxwright_open_calls") == 0)
    until(lambda: total(server, "boxwright_queue_requests") == 0)
    until(lambda: tasks() <= before)


def until(holds: Callable[[], bool]) -> None:
    ending = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < ending, "it did not come about in 20 s"
        time.sleep(0.05)


def total(server: Observed, name: str, **labels: str) -> float:
    return take(server.metrics).total(name, **labels)


def every_place_is_free(server: Observed) -> bool:
    at_once = [server.detection.Detect.future(asked(5)) for _ in range(PLACES)]
    return all(call.code() is grpc.StatusCode.OK for call in at_once)


def every_stream_is_free(server: Observed) -> bool:
    held = threading.Event()

    def one() -> Iterator[DetectStreamRequest]:
        yield DetectStreamRequest(request=asked(5))
        held.wait(20)

    streams = [server.detection.DetectStream(one()) for _ in range(STREAMS)]
    firsts = [next(stream).response for stream in streams]
    held.set()
    return len(firsts) == STREAMS and all(not list(stream) for stream in streams)


def test_calls_given_up_at_any_moment_leave_nothing_behind(server: Observed) -> None:
    with nothing_left(server):
        with steady(server.channel) as right, ThreadPoolExecutor(GIVING_UP) as callers:
            ended = Counter(callers.map(lambda seed: unary_given_up(server, seed), range(CALLS)))
        assert ended.keys() == CANCELLED
        assert min(ended.values()) > CALLS / 10
        assert right.answers > 10
    answered = total(server, "boxwright_stage_seconds_count", stage="total")
    lost = total(server, "boxwright_lost_requests_total")
    by_code = {
        code: total(server, "boxwright_call_seconds_count", method="Detect", code=code)
        for code in CANCELLED
    }
    assert lost == total(server, "boxwright_lost_requests_total", why="cancelled")
    assert 0 < lost <= by_code["CANCELLED"]  # some are given up before they are read
    assert by_code["OK"] <= answered <= by_code["OK"] + by_code["CANCELLED"] - lost
    assert every_place_is_free(server)


def test_streams_given_up_at_any_moment_leave_nothing_behind(server: Observed) -> None:
    with nothing_left(server):
        with steady(server.channel) as right, ThreadPoolExecutor(GIVING_UP) as callers:
            streams = callers.map(lambda seed: stream_given_up(server, seed), range(CALLS // 3))
            ended = Counter(streams)
        assert ended == {"CANCELLED": CALLS // 3}
        assert right.answers > 3
    assert total(server, "boxwright_lost_requests_total", why="cancelled") > 0
    assert every_place_is_free(server)
    assert every_stream_is_free(server)

"""Two servers and one client: one of them dies, or stops, and no call is lost."""

import itertools
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest

from boxwright.client import Client, Credentials
from boxwright_contract.errors import Unreachable

PHOTO = np.full((400, 500, 3), 200, np.uint8)
"""600 kB, which is more than gRPC keeps of a request to repeat it, unless told."""
CALLERS = 4


@contextmanager
def server(models: Path, port: int = 0, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `boxwright serve`; yield the process and its address."""
    command = [sys.executable, "-m", "boxwright", "serve", "--port", str(port), "--device", "cpu"]
    options = ["--threads", "1", "--no-metrics", "--models", str(models)]
    with subprocess.Popen(
        [*command, *options, *more],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            told = process.stdout.readline()
            assert told.startswith("serving on "), process.communicate()[1]
            yield process, told.removeprefix("serving on ").strip()
        finally:
            process.kill()


class Load:
    """Calls without end, by several callers; a call that fails ends its caller."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._done = 0

    def call(self) -> None:
        try:
            while not self._stop.is_set():
                result = self._client.detect(PHOTO, model="bright")
                assert len(result.detections) == 3
                self._tell(1)
        except BaseException:
            self._stop.set()
            self._tell(0)
            raise

    def _tell(self, calls: int) -> None:
        with self._changed:
            self._done += calls
            self._changed.notify_all()

    def goes_on(self, calls: int = 40) -> None:
        """Wait until so many more calls went well."""
        with self._changed:
            goal = self._done + calls
            came = self._changed.wait_for(
                lambda: self._done >= goal or self._stop.is_set(), timeout=60
            )
        assert came, f"the calls hang, {goal - self._done} before the goal"

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def load(address: str) -> Iterator[Load]:
    """Call without end while the block runs. A failed call fails it."""
    with (
        Client(address, timeout_s=30, credentials=Credentials()) as client,
        ThreadPoolExecutor(CALLERS) as pool,
    ):
        load = Load(client)
        callers = [pool.submit(load.call) for _ in range(CALLERS)]
        try:
            load.goes_on()
            yield load
        finally:
            load.stop()
        for caller in callers:
            caller.result()


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def test_a_server_that_stops_or_is_killed_costs_no_call_and_is_taken_up_again_when_it_is_back(
    models: Path,
) -> None:
    with ExitStack() as stack:
        one, at_one = stack.enter_context(server(models))
        two, at_two = stack.enter_context(server(models))
        with load(f"{at_one},{at_two}") as calls:
            one.send_signal(signal.SIGTERM)
            calls.goes_on()
            _, log = one.communicate(timeout=30)
            calls.goes_on()
            stack.enter_context(server(models, port_of(at_one)))
            calls.goes_on(400)  # time for the client to find it
            two.send_signal(signal.SIGKILL)
            calls.goes_on()
    assert one.returncode == 0, log
    assert "Traceback" not in log


def test_a_lone_server_that_is_told_to_stop_answers_every_call_that_it_took(models: Path) -> None:
    with (
        server(models, 0, "--log-level", "debug") as (process, address),
        Client(address, timeout_s=30, credentials=Credentials(), retries=0) as client,
        ThreadPoolExecutor(CALLERS) as pool,
    ):
        started = threading.Barrier(CALLERS + 1)

        def answers() -> int:
            client.detect(PHOTO, model="bright")
            started.wait()
            for count in itertools.count(1):
                try:
                    client.detect(PHOTO, model="bright")
                except Unreachable:
                    return count
            raise AssertionError

        callers = [pool.submit(answers) for _ in range(CALLERS)]
        started.wait()
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
        answered = sum(caller.result() for caller in callers)
    assert process.returncode == 0, log
    ended = re.findall(r"Detect of boxwright\.v1\.DetectionService: (\w+) in", log)
    assert ended == ["OK"] * answered


def test_names_among_several_servers_are_looked_up(models: Path) -> None:
    with (
        server(models) as (_, address),
        Client(f"localhost:{port_of(address)},{address}") as client,
    ):
        assert client.models()
    with pytest.raises(Unreachable, match=r"'nowhere\.invalid' in .* is not known"):
        Client("nowhere.invalid:50051,127.0.0.1:50051")


def test_with_no_server_left_the_call_ends_soon_and_says_so(models: Path) -> None:
    with (
        server(models) as (process, address),
        Client(address, timeout_s=30, credentials=Credentials()) as client,
    ):
        assert client.detect(PHOTO, model="bright").detections
        process.kill()
        process.wait()
        with pytest.raises(Unreachable, match=r"no server answers|it closed the connection"):
            client.detect(PHOTO, model="bright")

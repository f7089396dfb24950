"""Callers that ask for as long as they are let, ask nothing twice, and keep count."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

from boxwright.v1.detection_pb2 import DetectRequest, RawImage
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

REQUEST = DetectRequest(
    model="bright", raw=RawImage(height_px=64, width_px=96, rgb=bytes(64 * 96 * 3))
)
CALLERS = 4


@dataclass
class Load:
    """Calls that go on."""

    codes: Counter[str] = field(default_factory=Counter)
    """How many calls ended so."""
    stop: threading.Event = field(default_factory=threading.Event)

    def call(self, detection: DetectionServiceStub) -> None:
        while not self.stop.is_set():
            self.codes[code(detection)] += 1

    def goes_on(self, calls: int = 100, patience_s: float = 60) -> None:
        """Wait until so many more calls went well."""
        goal, ending = self.codes["OK"] + calls, time.monotonic() + patience_s
        while self.codes["OK"] < goal:
            assert time.monotonic() < ending, self.codes
            time.sleep(0.02)


def code(detection: DetectionServiceStub, timeout_s: float = 20) -> str:
    """Return how one call ends."""
    ended: Any = detection.Detect.future(REQUEST, timeout=timeout_s)
    return str(ended.code().name)


@contextmanager
def detection_at(address: str) -> Iterator[DetectionServiceStub]:
    """Yield a stub that asks nothing twice, on a connection of its own."""
    options = (("grpc.enable_retries", 0), ("grpc.use_local_subchannel_pool", 1))
    with grpc.insecure_channel(address, options) as channel:
        yield DetectionServiceStub(channel)


@contextmanager
def load(address: str) -> Iterator[Load]:
    """Call without end while the block runs."""
    calls = Load()
    with detection_at(address) as detection, ThreadPoolExecutor(CALLERS) as pool:
        calling = [pool.submit(calls.call, detection) for _ in range(CALLERS)]
        try:
            calls.goes_on()
            yield calls
        finally:
            calls.stop.set()
        for each in calling:
            each.result()

"""Requests that come by chance, whether or not answers keep up."""

import itertools
import threading
import time
from collections.abc import Sequence
from functools import partial
from random import Random

import grpc
import numpy as np
from tests.bench.growth.measured import OpenLoop

from boxwright.v1.detection_pb2 import DetectRequest, DetectResponse
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub


def ask_by_chance(
    address: str,
    photos: Sequence[bytes],
    rate_per_s: float,
    seconds: float,
    patience_s: float | None = None,
) -> OpenLoop:
    """Ask as many images a second as told, and return what came of it.

    Callers wait for `patience_s`, which is their deadline; None: for ever.

    Each answer's time counts from when its request was due, so that a slow start hides nothing.
    """
    chance, requests = Random(1), [DetectRequest(encoded=photo) for photo in photos]
    latencies_ms: list[float] = []
    open_calls = threading.Semaphore(0)
    asked = 0

    def ended(due_s: float, call: "grpc.Future[DetectResponse]") -> None:
        if call.exception() is None:
            latencies_ms.append((time.perf_counter() - due_s) * 1e3)
        open_calls.release()

    with grpc.insecure_channel(address) as channel:
        stub = DetectionServiceStub(channel)
        stub.Detect(requests[0])
        began = time.perf_counter()
        due_s = began

        for request in itertools.cycle(requests):
            due_s += chance.expovariate(rate_per_s)
            if due_s - began > seconds:
                break
            time.sleep(max(0.0, due_s - time.perf_counter()))
            call = stub.Detect.future(request, timeout=patience_s)
            call.add_done_callback(partial(ended, due_s))
            asked += 1
        for _ in range(asked):
            open_calls.acquire()
        took_s = time.perf_counter() - began
    p50_ms, p99_ms = np.percentile(latencies_ms or [np.inf], (50, 99))
    return OpenLoop(
        asked_per_s=asked / seconds,
        seconds=seconds,
        answered_per_s=len(latencies_ms) / took_s,
        p50_ms=float(p50_ms),
        p99_ms=float(p99_ms),
    )

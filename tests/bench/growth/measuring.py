"""A real server, measured: what the plan and the simulation start from."""

import os
import platform
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc
import numpy as np
from prometheus_client.parser import text_string_to_metric_families as families
from tests.bench.growth.experiments import TOO_MUCH
from tests.bench.growth.measured import Haste, ServerMeasurement
from tests.bench.growth.open_loop import ask_by_chance
from tests.bench.overload import server
from tests.bench.serving import Load, _load, _sent

from boxwright.client import Client
from boxwright.settings import Settings
from boxwright.v1.detection_pb2 import DetectRequest
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

SHARES = (0.3, 0.5, 0.7, 0.85, 0.95)
"""Of the capacity, asked by chance."""
QUANTILES = 50
LINES = 12
"""Deadlines that a load with deadlines lasts: the line must fill up first."""
CROWD = 4
"""Clients for each lane that fill a server."""


def measure(models: Path, seconds: float) -> ServerMeasurement:
    """Measure a server of its own, each load for so many seconds."""
    load_before = os.getloadavg()[0]
    photos = _sent(None)
    began = time.perf_counter()
    with server(models) as (address, metrics):
        start_s = time.perf_counter() - began
        with Client(address) as client:
            model = client.models()[0].model
            running = client.model(model).running
        assert running is not None
        alone = closed(address, photos, 1, seconds)
        busy = closed(address, photos, running.lanes, seconds)
        before = figures(metrics)
        full = closed(address, photos, CROWD * running.lanes, seconds)
        after = figures(metrics)
        by_chance = tuple(
            ask_by_chance(address, photos, share * full.rate, 2 * seconds) for share in SHARES
        )
        answer_bytes = _answer_bytes(address, photos)
    spent_s = after["process_cpu_seconds_total"] - before["process_cpu_seconds_total"]
    return ServerMeasurement(
        model=model,
        runs_on=f"{_short(running.placements[0].provider)} {running.precision}",
        machine=_machine(),
        load_before=load_before,
        cores=len(os.sched_getaffinity(0)),
        lanes=running.lanes,
        photos=len(photos),
        request_bytes=round(float(np.mean([len(photo) for photo in photos]))),
        answer_bytes=answer_bytes,
        start_s=start_s,
        alone_ms=_quantiles(alone),
        busy_ms=_quantiles(busy),
        capacity_per_s=full.rate,
        core_ms=spent_s / len(full.latencies_ms) * 1e3,
        memory_mib=after["process_resident_memory_bytes"] / 2**20,
        metric_series=len(after),
        open_loop=by_chance,
        haste=tuple(_haste(models, photos, full.rate, seconds)),
        one_core_per_s=_on_cores(models, photos, 1, seconds),
        two_by_one_core_per_s=_on_cores(models, photos, 2, seconds),
    )


def closed(address: str, photos: Sequence[bytes], clients: int, seconds: float) -> Load:
    """Let a number of clients ask, each of which waits for its answer first."""
    with ExitStack() as stack:
        askers = [stack.enter_context(Client(address)).detect for _ in range(clients)]
        for asker in askers:
            asker(photos[0])
        return _load(askers, photos, seconds)


def figures(metrics: str) -> dict[str, float]:
    """Return every series of a server's metrics, those with labels under name and labels."""
    with urllib.request.urlopen(metrics) as page:
        text = page.read().decode()
    return {
        sample.name + (str(sample.labels) if sample.labels else ""): sample.value
        for family in families(text)
        for sample in family.samples
    }


def _haste(
    models: Path, photos: Sequence[bytes], capacity_per_s: float, seconds: float
) -> Iterator[Haste]:
    """Ask too much, and wait half as long as images in all places take."""
    patience_s = Settings().max_requests / 2 / capacity_per_s
    for times in TOO_MUCH:
        with server(models) as (address, _):
            span_s = max(2 * seconds, LINES * patience_s)
            load = ask_by_chance(address, photos, times * capacity_per_s, span_s, patience_s)
        yield Haste(patience_s=patience_s, times=times, answered_per_s=load.answered_per_s)


def _on_cores(models: Path, photos: Sequence[bytes], servers: int, seconds: float) -> float:
    """Return the answers a second of servers that have a core each, asked as one."""
    with ExitStack() as stack:
        cores = sorted(os.sched_getaffinity(0))[:servers]
        addresses = [stack.enter_context(_on_core(models, core)) for core in cores]
        return closed(",".join(addresses), photos, CROWD * servers, seconds).rate


@contextmanager
def _on_core(models: Path, core: int) -> Iterator[str]:
    command = (sys.executable, "-m", "boxwright", "serve", "--port", "0", "--models", str(models))
    process = subprocess.Popen(
        [*command, "--log-level", "error"],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _answer_bytes(address: str, photos: Sequence[bytes]) -> int:

    with grpc.insecure_channel(address) as channel:
        stub = DetectionServiceStub(channel)
        answers = [stub.Detect(DetectRequest(encoded=photo)) for photo in photos]
    return round(float(np.mean([answer.ByteSize() for answer in answers])))


def _short(provider: str) -> str:
    """Return what `--device` calls a provider."""
    return provider.removesuffix("ExecutionProvider").lower()


def _quantiles(load: Load) -> tuple[float, ...]:
    at = (np.arange(QUANTILES) + 0.5) / QUANTILES * 100
    return tuple(round(float(ms), 2) for ms in np.percentile(load.latencies_ms, at))


def _machine() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor() or platform.machine()
    line = next((it for it in cpuinfo.read_text().splitlines() if it.startswith("model name")), "")
    return line.partition(":")[2].strip() or platform.machine()

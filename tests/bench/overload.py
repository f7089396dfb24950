"""What a server still answers when far too much is asked of it: `just bench-overload`.

First as many clients ask as a server keeps up with, each waiting for its answer. Then h2load asks
with so many calls at once that ten times as many arrive, most of which must be refused; h2load
does not read gRPC's statuses, so what was answered is read from the server's own metrics. After
that the first load again, second by second.
"""

import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from prometheus_client.parser import text_string_to_metric_families as families
from tests.bench.serving import _sent

from boxwright.client import Client
from boxwright.settings import PACKAGED_MODELS
from boxwright.v1.detection_pb2 import DetectRequest

METHOD = "boxwright.v1.DetectionService/Detect"
CLIENTS = 8


def main(
    models: Annotated[Path, typer.Option(help="Folder with one model.")] = PACKAGED_MODELS,
    seconds: Annotated[float, typer.Option(help="Length of each load.")] = 10,
    times: Annotated[float, typer.Option(help="How much too much.")] = 10,
) -> None:
    """Measure, and print what was answered before, during and after."""
    if shutil.which("h2load") is None:
        sys.exit("h2load is not installed. It is in the package nghttp2-client.")
    photo = _sent(None)[0]
    with server(models) as (address, metrics):
        before = steady(address, photo, seconds, metrics)
        asked = before * times
        good, refused = flood(address, photo, seconds, asked, metrics)
        first = steady(address, photo, 5, metrics)
        after = steady(address, photo, seconds, metrics)
    typer.echo(f"{CLIENTS} clients that wait:           {before:7.1f} answers/s")
    typer.echo(
        f"{times:g} times as much ({asked:.0f}/s):    {good:7.1f} answers/s "
        f"({good / before:.2f}), {refused:.0f} refused/s"
    )
    typer.echo(f"the first 5 s after it:        {first:7.1f} answers/s ({first / before:.2f})")
    typer.echo(f"then:                          {after:7.1f} answers/s ({after / before:.2f})")


def steady(address: str, photo: bytes, seconds: float, metrics: str) -> float:
    """Return the answers a second to clients that each wait for theirs."""
    until = time.perf_counter() + seconds

    def ask() -> None:
        with Client(address) as client:
            while time.perf_counter() < until:
                client.detect(photo)

    began, (before, _) = time.perf_counter(), counted(metrics)
    askers = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    return (counted(metrics)[0] - before) / (time.perf_counter() - began)


def flood(
    address: str, photo: bytes, seconds: float, rate: float, metrics: str
) -> tuple[float, float]:
    """Return the answers and the refusals a second while h2load asks that often."""
    connections = 8
    message = DetectRequest(encoded=photo).SerializeToString()
    with tempfile.NamedTemporaryFile() as body:
        body.write(struct.pack(">BI", 0, len(message)) + message)
        body.flush()
        command = ["h2load", "-c", str(connections), "-m", "64", "-D", f"{seconds:g}"]
        command += ["--rps", f"{rate / connections:.1f}", "-d", body.name]
        command += ["-H", "content-type: application/grpc", "-H", "te: trailers"]
        began, before = time.perf_counter(), counted(metrics)
        subprocess.run(
            [*command, f"http://{address}/{METHOD}"], check=True, stdout=subprocess.DEVNULL
        )
        spent, after = time.perf_counter() - began, counted(metrics)
    return (after[0] - before[0]) / spent, (after[1] - before[1]) / spent


def counted(metrics: str) -> tuple[float, float]:
    """Return how many Detect calls were answered so far, and how many refused."""
    with urllib.request.urlopen(metrics) as page:
        text = page.read().decode()
    samples = [sample for family in families(text) for sample in family.samples]
    calls = {
        sample.labels["code"]: sample.value
        for sample in samples
        if sample.name == "boxwright_call_seconds_count" and sample.labels["method"] == "Detect"
    }
    return calls.get("OK", 0.0), calls.get("RESOURCE_EXHAUSTED", 0.0)


@contextmanager
def server(models: Path, *options: str) -> Iterator[tuple[str, str]]:
    """Yield the address of a server of its own, and that of its metrics."""
    command = (sys.executable, "-m", "boxwright", "serve", "--port", "0", "--models", str(models))
    process = subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdout is not None
    assert process.stderr is not None
    metrics = ""
    for line in process.stderr:
        if found := re.search(r"http://\S+/metrics", line):
            metrics = found.group()
        if "SERVING" in line:
            break
    try:
        address = process.stdout.readline().split()[-1]
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield address, metrics
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    typer.run(main)

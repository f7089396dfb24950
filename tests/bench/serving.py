"""How fast a server answers, beside the same model without one: `just bench`.

Both see the same photos in one run. In-process is one loop: decode, resize, place on the canvas,
run the session with its own threads. The server is a process of its own, asked by clients that
each wait for their answer before they ask again.
"""

import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from boxwright.cli.demo import PHOTO
from boxwright.cli.inputs import expand
from boxwright.client import Client
from boxwright.device.runtime import Runtime
from boxwright.settings import PACKAGED_MODELS
from boxwright.shelf.shelf import Shelf
from boxwright_contract.input_rule import place
from boxwright_contract.pixels import Limits, decode

CLIENTS = (1, 4, 16)
SIZES_PX = ((480, 640), (640, 427), (600, 800), (1200, 1600))
"""Height and width of the photos where none are given."""


@dataclass(frozen=True)
class Load:
    """What a number of askers measured, in one span of time."""

    seconds: float
    latencies_ms: Sequence[float]

    @property
    def rate(self) -> float:
        """Images a second."""
        return len(self.latencies_ms) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """Return the time under which that part of the answers came."""
        return float(np.percentile(self.latencies_ms, percent))


def main(
    photos: Annotated[Path | None, typer.Option(help="Folder of photos to send.")] = None,
    models: Annotated[Path, typer.Option(help="Folder with one model.")] = PACKAGED_MODELS,
    seconds: Annotated[float, typer.Option(help="Length of each measurement.")] = 6,
) -> None:
    """Measure, and print a table."""
    sent = _sent(photos)
    in_process = _in_process(models, sent)
    before = _load([in_process], sent, seconds)
    with server_process(models) as (process, address, start_s):
        fresh_mb = _resident_mb(process.pid)
        through = {count: _through(address, count, sent, seconds) for count in CLIENTS}
        busy_mb = _resident_mb(process.pid)
    after = _load([in_process], sent, seconds)
    inside = Load(before.seconds + after.seconds, (*before.latencies_ms, *after.latencies_ms))

    typer.echo(f"{len(sent)} photos, {seconds:g} s each\n")
    typer.echo(f"{'':<22} {'images/s':>9} {'p50 ms':>8} {'p99 ms':>8}")
    _print("in-process, one loop", inside)
    for count, load in through.items():
        _print(f"gRPC, {count} client{'s' if count > 1 else ''}", load)
    overhead_ms = through[1].percentile_ms(50) - inside.percentile_ms(50)
    best = max(load.rate for load in through.values())
    typer.echo(f"\none client over in-process, p50:  {overhead_ms:+.1f} ms")
    typer.echo(f"best rate over in-process:        {best / inside.rate:.2f}")
    typer.echo(f"process start to SERVING:         {start_s:.2f} s")
    typer.echo(f"resident memory of the server:    {fresh_mb} at start, {busy_mb} after the load")


def _sent(folder: Path | None) -> list[bytes]:
    """Return whole JPEG files."""
    if folder is not None:
        return [one.path.read_bytes() for one in expand([str(folder)])]
    photo = decode(PHOTO.read_bytes(), Limits())[..., ::-1]
    sizes = ((width, height) for height, width in SIZES_PX)
    return [cv2.imencode(".jpg", cv2.resize(photo, size))[1].tobytes() for size in sizes]


def _in_process(models: Path, sent: Sequence[bytes]) -> Callable[[bytes], None]:
    """Return what answers an image in this process, warmed up with `sent`."""
    model = Shelf(models, Runtime.open("auto").load).find("", "")
    rule = model.bundle.card.input

    def answer(image: bytes) -> None:
        resized = rule.resize(decode(image, Limits()))
        height, width = resized.shape[:2]
        canvas: NDArray[np.uint8] = np.zeros((1, *rule.canvas(height, width), 3), np.uint8)
        place(resized, canvas[0])
        model.run(canvas, np.array([[height, width]], np.int32), alone=True)

    for image in sent:
        answer(image)
    return answer


def _through(address: str, count: int, sent: Sequence[bytes], seconds: float) -> Load:
    clients = [Client(address) for _ in range(count)]
    for client, image in zip(clients, itertools.cycle(sent), strict=False):
        client.detect(image)
    load = _load([client.detect for client in clients], sent, seconds)
    for client in clients:
        client.close()
    return load


def _load(
    askers: Sequence[Callable[[bytes], object]], sent: Sequence[bytes], seconds: float
) -> Load:
    """Let each asker ask again and again, with a photo of its own to begin with."""
    began = time.perf_counter()

    def ask(number: int) -> list[float]:
        latencies_ms = []
        for image in itertools.islice(itertools.cycle(sent), number % len(sent), None):
            asked = time.perf_counter()
            if asked - began > seconds:
                break
            askers[number](image)
            latencies_ms.append((time.perf_counter() - asked) * 1e3)
        return latencies_ms

    with ThreadPoolExecutor(len(askers)) as pool:
        found = list(itertools.chain(*pool.map(ask, range(len(askers)))))
    return Load(time.perf_counter() - began, found)


@contextmanager
def server_process(models: Path) -> Iterator[tuple[subprocess.Popen[str], str, float]]:
    """Yield a server in a process of its own, its address, and the time that it took to serve."""
    command = (sys.executable, "-m", "boxwright", "serve", "--port", "0", "--models", str(models))
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--log-level", "error"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        if not said:
            sys.exit("the server did not start; see above")
        yield process, said.split()[-1], time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        process.stdout.close()


def _resident_mb(pid: int) -> str:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return "not known on this system"
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return f"{int(line.split()[1]) / 1024:.0f} MiB"


def _print(who: str, load: Load) -> None:
    p50_ms, p99_ms = load.percentile_ms(50), load.percentile_ms(99)
    typer.echo(f"{who:<22} {load.rate:>9.1f} {p50_ms:>8.1f} {p99_ms:>8.1f}")


if __name__ == "__main__":
    typer.run(main)

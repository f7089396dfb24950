"""How long DescribeModel takes, alone and while the same server detects: `just bench-geometry`.

The server is a process of its own. Rates and times are those of this machine; the ratio between
the lines is what tells.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import numpy as np
import typer
from tests.bench.serving import server_process

from boxwright.cli.demo import PHOTO
from boxwright.client import Client
from boxwright.settings import PACKAGED_MODELS

MATRIX = "conv 7 p3 c4"
MATRIX_INPUT = (4, (34, 34))
"""Just under a million entries."""


def main(calls: Annotated[int, typer.Option(help="In each line.")] = 2000) -> None:
    """Measure, and print a table."""
    photo = PHOTO.read_bytes()
    with server_process(PACKAGED_MODELS) as (_, address, _):
        loads: dict[str, tuple[int, Callable[[Client], object]]] = {
            "alone": (0, Client.ready),
            "4 clients detect": (4, lambda client: client.detect(photo)),
            "1 client asks for matrices": (
                1,
                lambda client: client.convolution_matrix(MATRIX, *MATRIX_INPUT),
            ),
        }
        typer.echo(f"{'DescribeModel':<28} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8}")
        for name, (askers, ask) in loads.items():
            with _asking(address, askers, ask), Client(address) as client:
                client.describe_model("people")
                times_ms = [_timed_ms(client) for _ in range(calls)]
            p50, p99 = np.percentile(times_ms, (50, 99))
            typer.echo(f"{name:<28} {p50:>8.2f} {p99:>8.2f} {max(times_ms):>8.2f}")


def _timed_ms(client: Client) -> float:
    began = time.perf_counter()
    client.describe_model("people")
    return (time.perf_counter() - began) * 1e3


@contextmanager
def _asking(address: str, askers: int, ask: Callable[[Client], object]) -> Iterator[None]:
    """Keep `askers` clients asking, one question after the other, until the block ends."""
    ended = threading.Event()

    def go_on() -> None:
        with Client(address) as client:
            while not ended.is_set():
                ask(client)

    threads = [threading.Thread(target=go_on) for _ in range(askers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    typer.run(main)

"""Everything at once for half an hour: does anything grow, or fail? `just soak`.

A server of its own is asked by all kinds of callers, honest, hurried and hostile, while a model is
loaded anew each minute. What it tells each minute is printed. This ends with 1 if after the first
minutes its memory, threads or open files grew, or if a call ended as none may.
"""

import json
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import typer
from tests.bench.serving import _sent
from tests.bench.soak_callers import Asker, Tally, at_work
from tests.hostile.living import Living, living

from boxwright.cli.top.snapshot import Snapshot
from boxwright.client import Client
from boxwright.settings import PACKAGED_MODELS
from boxwright_contract import card

MOST_GROWTH = 1.05
"""Of the memory that the idle server keeps, from when it has settled to the end."""
EACH_END = 3
"""Minutes whose median counts."""
LATE_THREADS = 4
"""Pools start a thread when there is first work for it; what leaks has one more each minute."""
LOOK_EVERY_S = 2.0
IDLE_S = 3.0
MAX_BATCH = 4
"""Told, as a model that is loaded under load measures another each time, and memory goes by it."""
MINUTE_S = 60.0
IDLE = ("boxwright_open_calls", "boxwright_queue_requests")
"""Gauges that are 0 when nobody calls."""


@dataclass(frozen=True)
class Minute:
    """What was seen in a minute."""

    images_per_s: float
    p99_ms: float
    most_mb: float
    """Of the memory, under load; it depends on what happens to run at once."""
    idle_mb: float
    """Of the memory, at the end of the minute, when nobody asks and the model is new."""
    threads: int
    """When nobody asks, as the open files."""
    open_files: int
    lost: Counter[str]
    ended: Counter[tuple[str, str]]


def main(
    minutes: Annotated[int, typer.Option(help="How long.", min=2, max=24 * 60)] = 30,
    settle: Annotated[int, typer.Option(help="Minutes after which nothing may grow.", min=1)] = 3,
    models: Annotated[Path, typer.Option(help="Folder of models.")] = PACKAGED_MODELS,
    device: Annotated[str, typer.Option(help="As of `boxwright serve`.")] = "auto",
    seed: Annotated[int, typer.Option(help="Of what is sent.")] = 0,
) -> None:
    """Put a server under load, and print what it tells each minute."""
    if minutes < settle + 2 * EACH_END:
        least = settle + 2 * EACH_END
        sys.exit(f"{minutes} minutes tell too little after {settle} to settle. Ask for {least}.")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "models"
        shutil.copytree(models, folder)
        with living(folder, Path(scratch) / "log", device=device, max_batch=MAX_BATCH) as server:
            tally = Tally()
            with load(server, folder, tally, seed) as going:
                seen = [watched(server, folder, tally, going, each) for each in range(minutes)]
            faults = [*tally.unclean, *server.troubles(), *grown(seen[settle:])]
    if faults:
        sys.exit("\n".join(["NOT SOUND:", *faults[:40]]))
    typer.echo("sound: nothing grew, and every call ended as it may")


@contextmanager
def load(server: Living, folder: Path, tally: Tally, seed: int) -> Iterator[threading.Event]:
    """Let all callers ask until the block ends, while what this yields is set."""
    going, over = threading.Event(), threading.Event()
    going.set()
    asker = Asker(server.address, _sent(None), list(served(folder)), going, over, tally)
    threads = list(at_work(asker, seed))
    try:
        yield going
    finally:
        over.set()
        going.set()
        for thread in threads:
            thread.join()


def served(folder: Path) -> Iterator[tuple[str, bool]]:
    """Tell the name of each model, and whether it needs proposals."""
    for file in sorted(folder.glob(f"*/*/{card.CARD_FILE}")):
        yield file.parts[-3], card.decode(file.read_bytes(), str(file)).needs_proposals


def watched(
    server: Living, folder: Path, tally: Tally, going: threading.Event, number: int
) -> Minute:
    """Watch for a minute, with a model loaded anew in the midst of it, and a pause at its end.

    In the pause it is loaded anew once more: what its sessions keep goes by the largest that they
    happened to run, and is given back with them.
    """
    before, began = server.now(), time.monotonic()
    resident_mb, reloaded = [], False
    while (passed := time.monotonic() - began) < MINUTE_S:
        if passed > MINUTE_S / 2 and not reloaded:
            change(folder, number, 1e-4)
            reloaded = True
        resident_mb.append(server.resident_mb())
        time.sleep(LOOK_EVERY_S)
    after = server.now()
    going.clear()
    tally.unclean += left_behind(server)
    time.sleep(IDLE_S)
    with Client(server.address) as client:
        client.load_model(change(folder, number, -1e-4))
    time.sleep(IDLE_S)
    with tally.lock:
        latencies_ms, ended = tally.latencies_ms[:], Counter(tally.ended)
        tally.latencies_ms.clear()
        tally.ended.clear()
    minute = Minute(
        images_per_s=answered(before, after) / (after.moment - before.moment),
        p99_ms=float(np.percentile(latencies_ms or [0], 99)),
        most_mb=max(resident_mb),
        idle_mb=server.resident_mb(),
        threads=server.told("Threads"),
        open_files=server.open_files(),
        lost=lost(before, after),
        ended=ended,
    )
    going.set()
    tell(number + 1, minute)
    return minute


def change(folder: Path, number: int, more: float) -> str:
    """Write a model's card anew, so that the server loads the model anew, and return its name."""
    file = sorted(folder.glob(f"*/*/{card.CARD_FILE}"))[number % len(list(served(folder)))]
    told = json.loads(file.read_text())
    told["min_score"] += more
    file.write_text(json.dumps(told))
    return file.parts[-3]


def answered(before: Snapshot, after: Snapshot) -> float:
    name = "boxwright_stage_seconds_count"
    return after.total(name, stage="total") - before.total(name, stage="total")


def lost(before: Snapshot, after: Snapshot) -> Counter[str]:
    name = "boxwright_lost_requests_total"
    reasons = after.values(name, "why")
    return Counter(
        {why: round(after.total(name, why=why) - before.total(name, why=why)) for why in reasons}
    )


def tell(number: int, minute: Minute) -> None:
    losses = ", ".join(f"{count} {why}" for why, count in sorted(minute.lost.items())) or "none"
    typer.echo(
        f"minute {number:>3}: {minute.images_per_s:6.1f} images/s, p99 {minute.p99_ms:6.0f} ms, "
        f"at most {minute.most_mb:.0f} MB, idle {minute.idle_mb:.0f} MB, "
        f"{minute.threads} threads, {minute.open_files} files, lost: {losses}"
    )
    codes = [f"{kind} {code} {count}" for (kind, code), count in sorted(minute.ended.items())]
    typer.echo("            " + "; ".join(codes))


def grown(seen: Sequence[Minute]) -> Sequence[str]:
    """Return what is more in the last of these minutes than in the first."""
    settled, last = seen[0], seen[-1]
    before_mb, after_mb = (
        median(minute.idle_mb for minute in end) for end in (seen[:EACH_END], seen[-EACH_END:])
    )
    typer.echo(f"idle memory: {before_mb:.0f} MB settled, {after_mb:.0f} MB at the end")
    found = []
    if after_mb > MOST_GROWTH * before_mb:
        found.append(f"memory grew from {before_mb:.0f} to {after_mb:.0f} MB")
    if last.threads > settled.threads + LATE_THREADS:
        found.append(f"threads grew from {settled.threads} to {last.threads}")
    if last.open_files > settled.open_files:
        found.append(f"open files grew from {settled.open_files} to {last.open_files}")
    return found


def left_behind(server: Living) -> Sequence[str]:
    """Return what is still at work long after the last call."""
    ending = time.monotonic() + 60
    while time.monotonic() < ending:
        now = server.now()
        at_work = {name: now.total(name) for name in IDLE}
        if not any(at_work.values()):
            return []
        time.sleep(0.5)
    return [f"{name} is {count:g} and not 0" for name, count in at_work.items()]


if __name__ == "__main__":
    typer.run(main)

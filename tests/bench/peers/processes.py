"""A server and all the processes that it starts: found, measured and ended by a mark.

Servers start daemons and forks of their own; each inherits the environment of the first, which
holds the mark.
"""

import asyncio
import os
import signal
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.peers.connections import Failed
from tests.bench.peers.load import ask_all
from tests.bench.peers.wires import Wire

START_S = 90
END_S = 20
MARK = "BENCH_PEERS_MARK"


class NotStarted(Exception):
    """A server does not answer."""


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    mark: str
    start_s: float
    """From its start to its first answer."""

    def resident_mb(self) -> float:
        """Return the memory of all its processes; what they share counts once."""
        return sum(_proportional_kb(process) for process in _marked(self.mark)) / 1024


@asynccontextmanager
async def running(
    command: Sequence[str],
    variables: Mapping[str, str],
    log: Path,
    wire: Wire,
    port: int,
    probe: bytes,
) -> AsyncIterator[Running]:
    """Yield a server once it answers `probe`; end all its processes afterwards.

    Raises:
        NotStarted: It ended, or did not answer in time; with the last line of its log.
    """
    mark = uuid.uuid4().hex
    began = time.perf_counter()
    with log.open("wb") as said:
        process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **variables, MARK: mark},
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        await _answering(process, wire, port, probe, log)
        yield Running(mark, time.perf_counter() - began)
    finally:
        _end(process, mark)


async def _answering(
    process: subprocess.Popen[bytes], wire: Wire, port: int, probe: bytes, log: Path
) -> None:
    failure = ""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        try:
            await ask_all(wire, port, [probe], 1)
            return
        except Failed as failed:
            failure = str(failed)
        if process.poll() is not None:
            raise NotStarted(f"it ended with status {process.returncode}: {_last_line(log)}")
        await asyncio.sleep(0.2)
    raise NotStarted(f"no answer in {START_S} s: {failure}; its log ends: {_last_line(log)}")


def _end(process: subprocess.Popen[bytes], mark: str) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    until = time.monotonic() + END_S
    while _marked(mark) and time.monotonic() < until:
        process.poll()
        time.sleep(0.1)
    for left in _marked(mark):
        try:
            os.kill(int(left.name), signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


def _marked(mark: str) -> list[Path]:
    """Return the folder in /proc of each process whose environment holds the mark."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                if wanted in (folder / "environ").read_bytes():
                    found.append(folder)
            except OSError:  # it ended, or is another user's
                continue
    return found


def _proportional_kb(process: Path) -> int:
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else "it said nothing"

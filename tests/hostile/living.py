"""A server in a process of its own, and what the system and its metrics tell of it."""

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from boxwright.cli.top.snapshot import Snapshot, take
from boxwright.settings import option

METRICS = re.compile(r"metrics on http://(\S+)/metrics")
TROUBLE = re.compile(r".*(?:internal error|Traceback|ERROR|CRITICAL).*")


@dataclass(frozen=True)
class Living:
    """A server that runs, in a process of its own."""

    address: str
    metrics: str
    """Where they are read."""
    pid: int
    log: Path
    """What it says on standard error."""

    def now(self) -> Snapshot:
        """Return its metrics."""
        return take(self.metrics)

    def told(self, field: str) -> int:
        """Return a number that the system tells of it: Threads, or VmRSS and VmHWM in KiB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == field:
                return int(value.split()[0])
        raise KeyError(field)

    def resident_mb(self) -> float:
        return self.told("VmRSS") / 1024

    def most_resident_mb(self) -> float:
        return self.told("VmHWM") / 1024

    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def troubles(self) -> list[str]:
        """Return the lines of its log that tell of its own faults."""
        return TROUBLE.findall(self.log.read_text(errors="replace"))


@contextmanager
def living(models: Path, log: Path, **settings: object) -> Iterator[Living]:
    """Serve `models` until the block ends; it must then end cleanly, by itself."""
    chosen = {"models": models, "port": 0, "drain_delay_s": 0, **settings}
    options = [text for name, value in chosen.items() for text in (option(name), str(value))]
    command = (sys.executable, "-m", "boxwright", "serve", "--admin", *options)
    with (
        log.open("w") as file,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=file, text=True) as process,
    ):
        assert process.stdout is not None
        said = process.stdout.readline()
        told = log.read_text()
        found = METRICS.search(told)
        assert said.startswith("serving on "), told
        assert found, told
        undertaker = threading.Timer(30, process.kill)
        try:
            yield Living(said.split()[-1], found[1], process.pid, log)
            assert process.poll() is None, f"the server died: {log.read_text()[-2000:]}"
        finally:
            undertaker.start()
            process.send_signal(signal.SIGTERM)
            ended = process.wait()
            undertaker.cancel()
    assert ended == 0, log.read_text()[-2000:]

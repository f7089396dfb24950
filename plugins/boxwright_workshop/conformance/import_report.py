"""What importing a module is like, found out in a process of its own."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from boxwright_workshop.conformance import import_probe

PATIENCE_S = 60


class Report(msgspec.Struct, frozen=True):
    """What importing a module was like, in a process of its own."""

    milliseconds: float
    heavy: list[tuple[str, str, int]]
    """Package, file and line of each import that a server cannot follow."""
    error: str
    printed: str = ""


def import_alone(module: str, *, block: bool) -> Report:
    """Import `module` in a process of its own.

    Args:
        module: Its full name.
        block: Whether torch and what stands on it is refused; else it is loaded before.
    """
    path = os.pathsep.join(filter(None, sys.path))
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "report.json"
        arguments = (module, str(file), "block" if block else "allow")
        try:
            ran = subprocess.run(
                [sys.executable, "-m", import_probe.__name__, *arguments],
                env={**os.environ, "PYTHONPATH": path},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=PATIENCE_S,
            )
        except subprocess.TimeoutExpired:
            return Report(PATIENCE_S * 1000, [], f"nothing in {PATIENCE_S} s")
        if not file.is_file():
            return Report(0, [], f"the end of the process, with exit code {ran.returncode}")
        report = msgspec.json.decode(file.read_bytes(), type=Report)
    return msgspec.structs.replace(report, printed=ran.stdout.strip())

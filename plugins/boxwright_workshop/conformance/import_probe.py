"""Imports one module in a process of its own and writes down what that was like.

    python -m boxwright_workshop.conformance.import_probe MODULE REPORT.json BLOCK

It loads first what a server has loaded by then, so that only the module's own share is timed.
"""

import importlib
import json
import sys
import time
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FrameType, ModuleType

HEAVY = ("torch", "torchvision", "timm")
LOADED_BY_A_SERVER = ("boxwright_contract.catalog", "boxwright_contract.pixels")


class Witness:
    """Notes who asks for a heavy package, and refuses it where it should."""

    def __init__(self, *, block: bool) -> None:
        self.block = block
        self.heavy: list[tuple[str, str, int]] = []

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Take part in every import; find nothing."""
        if name in HEAVY:
            self.heavy.append((name, *importer(sys._getframe(1))))
            if self.block:
                raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        return None


def importer(frame: FrameType | None) -> tuple[str, int]:
    """Return file and line of the import statement above `frame`."""
    while frame is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame else ("", 0)


def probe(module: str, *, block: bool) -> dict[str, object]:
    """Import `module`; return its time, what heavy it asked for, and what it raised."""
    for name in LOADED_BY_A_SERVER if block else (*LOADED_BY_A_SERVER, *HEAVY):
        importlib.import_module(name)
    witness = Witness(block=block)
    sys.meta_path.insert(0, witness)
    began = time.perf_counter()
    error = ""
    try:
        importlib.import_module(module)
    except Exception as raised:  # noqa: BLE001 - a stranger's code may raise anything
        error = f"{type(raised).__name__}: {raised}"
    return {
        "milliseconds": (time.perf_counter() - began) * 1000,
        "heavy": witness.heavy,
        "error": error,
    }


if __name__ == "__main__":
    module, report, block = sys.argv[1:]
    Path(report).write_text(json.dumps(probe(module, block=block == "block")))

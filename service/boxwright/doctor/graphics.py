"""NVIDIA's GPUs, as their own program and driver tell of them."""

import ctypes
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

PROGRAM = "nvidia-smi"
PATIENCE_S = 5.0
QUERY = ("--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits")


@dataclass(frozen=True)
class Graphics:
    """A GPU."""

    name: str
    memory_mb: int
    driver: str


def graphics(patience_s: float = PATIENCE_S) -> Sequence[Graphics]:
    """Return the GPUs of this machine, or container. None where nvidia-smi is not, or fails."""
    program = shutil.which(PROGRAM)
    if program is None:
        return ()
    try:
        told = subprocess.run(
            [program, *QUERY], capture_output=True, text=True, check=True, timeout=patience_s
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return parsed(told.stdout)


def parsed(lines: str) -> Sequence[Graphics]:
    """Return the GPUs that nvidia-smi lists.

    Example:
        >>> parsed("NVIDIA L4, 23034, 550.54.15")
        [Graphics(name='NVIDIA L4', memory_mb=23034, driver='550.54.15')]
    """
    cells = ([cell.strip() for cell in line.split(",")] for line in lines.splitlines())
    return [
        Graphics(row[0], int(row[1]), row[2])
        for row in cells
        if len(row) == 3 and row[1].isdecimal()
    ]


def driver() -> bool:
    """Whether NVIDIA's driver is here."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True

"""A virtual environment for each server, made by uv, and made again when what it holds changes."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.peers.roster import Server

ROOT = Path(__file__).parents[3]
ALIKE = ("onnxruntime", "onnxruntime-ep-openvino")
"""What runs the graph: every environment has the versions that Boxwright's has."""
FOR_HANDLERS = ("msgspec", "numpy", "opencv-contrib-python-headless>=4.11", "pillow")
"""Not pinned: Triton's wheel needs an old NumPy, and so an old OpenCV."""
_MADE_OF = "made-of.txt"


class NotInstalled(Exception):
    """A server cannot be installed here."""


@dataclass(frozen=True)
class Environment:
    """Where a server is installed."""

    python: Path
    versions: Mapping[str, str]
    """Of each distribution in it."""


def install(
    server: Server, folder: Path, interpreter: str, alike: Mapping[str, str]
) -> Environment:
    """Return the environment of a server, made if it is not there.

    Args:
        server: Whose.
        folder: Where all environments are.
        interpreter: The Python that it is made of.
        alike: Versions of Boxwright's environment; empty for Boxwright itself.

    Raises:
        NotInstalled: uv could not install it.
    """
    made_of = ""
    if server.requirement:
        pins = [f"{name}=={alike[name]}" for name in ALIKE]
        steps = [
            [server.requirement, *server.besides, *pins, *FOR_HANDLERS],
            ["--no-deps", "--editable", str(ROOT)],
        ]
    else:
        steps = [["--editable", f"{ROOT}[openvino]"]]
        made_of = (ROOT / "pyproject.toml").read_text("utf-8")
    place = folder / server.distribution
    python = place / "bin" / "python"
    wanted = json.dumps([interpreter, *steps, made_of])
    note = place / _MADE_OF
    if not note.is_file() or note.read_text("utf-8") != wanted:
        _uv("venv", "--clear", "--python", interpreter, str(place))
        for step in steps:
            _uv("pip", "install", "--python", str(python), *step)
        note.write_text(wanted, "utf-8")
    listed = json.loads(_uv("pip", "list", "--python", str(python), "--format", "json"))
    return Environment(python, {each["name"]: each["version"] for each in listed})


def _uv(*arguments: str) -> str:
    uv = os.environ.get("UV") or shutil.which("uv") or "uv"
    command: Sequence[str] = [uv, *arguments, "--quiet"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise NotInstalled("uv is not on the path") from error
    except subprocess.CalledProcessError as error:
        raise NotInstalled(_last_line(error.stderr)) from error
    return done.stdout


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "uv failed, and said nothing"

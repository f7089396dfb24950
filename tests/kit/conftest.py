"""Real plugin distributions, written to a folder on the path: a sound one, and its sick twins."""

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boxwright_workshop.conformance.examination import examinations
from boxwright_workshop.conformance.finding import Outcome

PREFACE = """
from boxwright_contract.geometry.field import AxisField, Field
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, Level, Preprocessing, ProposalSource, Weights

def sees(stride, first, last):
    return Field(axes=(AxisField(stride, (first,), (last,)),) * 2)

LEVELS = (Level("C2", 8, 4, sees(4, 0, 3)), Level("C3", 12, 8, sees(8, 0, 7)))

def build():
    from torch import nn

    class Tiny(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.BatchNorm2d(8), nn.ReLU())
            self.second = nn.Conv2d(8, 12, 2, 2)

        def forward(self, x):
            fine = self.first(x)
            return self.last({"C2": fine, "C3": self.second(fine)})

        def last(self, levels):
            return levels

    return Tiny()

def changed(last):
    net = build()
    net.last = last.__get__(net)
    return net

def backbone(**changes):
    half = (0.5, 0.5, 0.5)
    fields = {
        "name": NAME,
        "levels": LEVELS,
        "preprocessing": Preprocessing(mean=half, std=half),
        "build": build,
        "source": "nobody 2026",
    }
    return Backbone(**(fields | changes))
"""

Install = Callable[..., Path]
Examine = Callable[[str, str], Outcome]


def write_plugin(site: Path, name: str, code: str, top: str) -> Path:
    info = site / f"{name}-1.2.dist-info"
    info.mkdir(parents=True)
    file = site / f"{name}.py"
    file.write_text(f"{top}\nNAME = {name!r}\n{PREFACE}\n{textwrap.dedent(code)}")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[boxwright]\n{name} = {name}\n")
    return file


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Write a plugin distribution of one module, all three by one name; return its file."""
    before = set(sys.modules)

    def write(name: str, code: str, top: str = "") -> Path:
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        return write_plugin(tmp_path / "site", name, code, top)

    yield write
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def examine() -> Examine:
    """Make one check of an installed part: `examine(name, check)`."""

    def one(name: str, check: str) -> Outcome:
        [examination] = examinations(name)
        return examination.find(check).outcome

    return one


GUIDE = Path(__file__).parents[2] / "docs" / "plugins.md"
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="session")
def guide_files() -> dict[str, str]:
    """The files that docs/plugins.md shows, by the name in their first line."""
    blocks = BLOCK.findall(GUIDE.read_text())
    shown = [text for language, text in blocks if language in ("python", "toml")]
    return {text.splitlines()[0].removeprefix("# "): text for text in shown}


@pytest.fixture(scope="session")
def guide_commands() -> list[str]:
    """The commands of docs/plugins.md, in their order."""
    blocks = [text for language, text in BLOCK.findall(GUIDE.read_text()) if language == "console"]
    return [line.removeprefix("$ ") for text in blocks for line in text.splitlines()]


@pytest.fixture(scope="session")
def uv() -> str:
    """The program that builds and installs wheels; it does so without a network, from its cache."""
    found = os.environ.get("UV") or shutil.which("uv")
    if found is None:
        pytest.skip("needs uv, which `uv run` provides")
    return found

"""Real plugin distributions, written to a folder on the path."""

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PREFACE = """
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import (
    Backbone, BackboneFamily, Detector, Level, Neck, Preprocessing, ProposalSource, Weights,
)

def backbone(**changes):
    half = (0.5, 0.5, 0.5)
    fields = {
        "name": "tiny",
        "levels": (Level("C3", 8, 8), Level("C4", 16, 16)),
        "preprocessing": Preprocessing(mean=half, std=half),
        "build": lambda: None,
        "source": "nobody 2026",
    }
    return Backbone(**(fields | changes))

def family(make, members=lambda: ["ant", "anteater"]):
    return BackboneFamily(name="zoo", make=make, members=members, source="nobody 2026")
"""

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Write a plugin distribution of one module; its entry point is named `plugin`."""
    before = set(sys.modules)

    def write(distribution: str, code: str, folder: str = "site", version: str = "1.2") -> Path:
        site = tmp_path / folder
        module = distribution.replace("-", "_")
        info = site / f"{module}-{version}.dist-info"
        info.mkdir(parents=True)
        (site / f"{module}.py").write_text(PREFACE + textwrap.dedent(code))
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        )
        (info / "entry_points.txt").write_text(f"[boxwright]\nplugin = {module}\n")
        monkeypatch.syspath_prepend(str(site))
        return info

    yield write
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]

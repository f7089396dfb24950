"""What a stranger gets for one line in a test file."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright_contract.testing import (
    backbone_conforms,
    detector_conforms,
    neck_conforms,
    proposal_source_conforms,
)
from boxwright_workshop.conformance.suites import names

Install = Callable[..., Path]

IMPORT = "from boxwright_contract.testing import backbone_conforms"
NAMES = ("healthy", "shallow", "early_bird", "resnet51")
SOUND = "@hookimpl\ndef boxwright_backbones():\n    return [backbone()]\n"
SHALLOW = "@hookimpl\ndef boxwright_backbones():\n    return [backbone(levels=LEVELS[:1])]\n"


@pytest.fixture
def printed(install: Install, tmp_path: Path) -> str:
    """What pytest prints for a stranger's file, run in a process of its own."""
    install("healthy", SOUND)
    install("shallow", SHALLOW)
    install("early_bird", SOUND, "import torch")
    file = tmp_path / "test_stranger.py"
    lines = [f"test_{name} = backbone_conforms({name!r})" for name in NAMES]
    file.write_text("\n".join([IMPORT, *lines]))
    chosen = "healthy or shallow or early_bird and imports or resnet51 and levels"
    return subprocess.run(
        [sys.executable, "-m", "pytest", str(file), "-rA", "-k", chosen, "-p", "no:cacheprovider"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout


def test_each_check_is_a_test_that_says_what_is_wrong_and_the_cure(printed: str) -> None:
    def checks(outcome: str, name: str) -> list[str]:
        found = rf"^{outcome} .*::test_{name}\[(\w+)\]"
        return re.findall(found, printed, flags=re.MULTILINE)

    assert checks("PASSED", "healthy") == names("backbone")
    assert checks("FAILED", "shallow") == ["levels_are_built_as_declared"]
    assert "returns the levels C2, C3, but C2 are declared. Make the declared levels" in printed
    assert "not looked at: it needs levels_are_built_as_declared to pass first" in printed
    assert checks("FAILED", "resnet51") == ["levels_are_built_as_declared"]
    assert "no backbone named 'resnet51'. Did you mean 'resnet50'?" in printed
    assert checks("PASSED", "early_bird") == ["imports_without_torch", "imports_quickly"]
    assert "ConformanceWarning: early_bird, imports_without_torch: importing early_bird" in printed
    assert "Traceback" not in printed
    assert "2 failed" in printed


@pytest.mark.parametrize(
    ("conforms", "kind"),
    [
        (backbone_conforms, "backbone"),
        (neck_conforms, "neck"),
        (detector_conforms, "detector"),
        (proposal_source_conforms, "proposal source"),
    ],
)
def test_there_is_a_suite_for_each_kind_of_part(
    conforms: Callable[[str], Callable[[str], None]], kind: str
) -> None:
    [mark] = conforms("whatever").pytestmark  # type: ignore[attr-defined]
    assert mark.args == ("check", names(kind))


def test_without_the_workshop_the_cure_is_told() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from boxwright_contract.testing import backbone_conforms\n"
        "backbone_conforms('my_backbone')"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MissingInstall: the tests of plugins need 'torch'" in ran.stderr
    assert "pip install 'boxwright[workshop]'" in ran.stderr

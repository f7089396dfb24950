"""docs/plugins.md: its commands, all of them and in their order, in a fresh environment.

The environment holds the wheels of Boxwright and of the new plugin; what both stand on, torch and
the like, is lent by the environment of the tests. uv stands in for pip: it needs no network.
"""

import hashlib
import importlib
import os
import re
import socket
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from boxwright_contract.errors import BadWeights
from boxwright_workshop.conformance.finding import Outcome
from boxwright_workshop.conformance.suites import names
from boxwright_workshop.weights import load_into

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "plugins.md"


def test_every_block_is_of_a_kind_that_the_tests_know(
    guide_files: dict[str, str], guide_commands: list[str]
) -> None:
    assert set(guide_files) == {"shapes.py", "quick.toml", "fast.toml", "weights.py"}
    assert guide_commands[0] == "boxwright new-backbone hourglass"
    assert all(line.split()[0] in ("boxwright", "pip", "python") for line in guide_commands)


def test_every_check_of_a_backbone_has_its_line() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", GUIDE.read_text(), re.MULTILINE)
    assert listed == names("backbone")


def test_the_weights_that_it_shows_are_found_checked_and_loaded(
    guide_files: dict[str, str],
    install: Callable[..., Path],
    examine: Callable[[str, str], Outcome],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = "@hookimpl\ndef boxwright_backbones():\n    return [backbone(weights=WEIGHTS)]\n"
    install("guided", f"{guide_files['weights.py']}\n{answer}")
    monkeypatch.setenv("BOXWRIGHT_WEIGHTS", str(tmp_path))
    absent = examine("guided", "weights_are_sound")
    assert absent.status == "warned"
    assert f"hourglass-0676ba61.safetensors is not in '{tmp_path}'. Fetch it from" in absent.seen

    plugin = importlib.import_module("guided")
    state = plugin.build().state_dict()
    file = tmp_path / plugin.FILE
    save_file({**state, "classifier.weight": torch.zeros(2, 12)}, file)
    with pytest.raises(BadWeights, match="new digest belongs in"):
        load_into(plugin.build(), plugin.WEIGHTS[0])

    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setattr(plugin, "WEIGHTS", (replace(plugin.WEIGHTS[0], sha256=digest),))
    sound = examine("guided", "weights_are_sound")
    assert (sound.status, sound.seen) == (
        "passed",
        "imagenet: tensors only, digest and every key fit",
    )


@pytest.fixture
def environment(uv: str, tmp_path: Path) -> Path:
    """A fresh Python environment with the wheel of Boxwright; return its folder of programs."""
    wheels, fresh = tmp_path / "wheels", tmp_path / "environment"
    build = [uv, "build", "--wheel", "--quiet", "--out-dir", str(wheels), str(ROOT)]
    subprocess.run(build, check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(fresh)], check=True)
    programs = fresh / "bin"
    pip = programs / "pip"
    pip.write_text(f'#!/bin/sh\nexec {uv} pip "$@" --no-deps --python {programs / "python"}\n')
    pip.chmod(pip.stat().st_mode | stat.S_IXUSR)
    [wheel] = wheels.glob("*.whl")
    subprocess.run([str(pip), "install", "--quiet", str(wheel)], check=True)
    [packages] = fresh.glob("lib/python*/site-packages")
    lent = sysconfig.get_paths()["purelib"]
    (packages / "lent.pth").write_text(f"import site; site.addsitedir({lent!r})\n")
    return programs


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_it_leads_from_nothing_to_boxes_over_grpc(
    environment: Path, guide_files: dict[str, str], guide_commands: list[str], tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for name, text in guide_files.items():
        (scratch / name).write_text(text)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = next(line for line in guide_commands if line.endswith("&"))
    where = "import boxwright, boxwright_contract; print(boxwright.__file__)"
    script = "\n".join(
        [
            "set -euo pipefail",
            "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT",
            f"python -c '{where}'",
            *guide_commands,
        ]
    )
    listening = "until (: < /dev/tcp/127.0.0.1/50061) 2> /dev/null; do sleep 0.2; done"
    script = script.replace(serve, f"{serve}\n{listening}").replace("50061", str(port))
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=scratch,
        env=kept | {"PATH": f"{environment}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    printed = ran.stdout
    assert ran.returncode == 0, printed
    lines = printed.splitlines()
    assert lines[0].startswith(str(environment.parent)), lines[0]
    assert ["backbone", "hourglass", "hourglass", "0.1.0"] in [line.split()[:4] for line in lines]
    assert f"{len(names('backbone'))} passed" in printed
    assert "failed" not in printed
    runs = printed.split("The best checkpoint is in")[:-1]
    tables = re.split(r"^file  .*$", printed, flags=re.MULTILINE)[1:]
    assert (len(runs), len(tables)) == (2, 2)
    for run in runs:
        assert max(map(float, re.findall(r"AP50 (\d\.\d+)", run))) > 0.8
    for table in tables:
        labels = re.findall(r"^shapes/images/100\.png +(\w+)", table, re.MULTILINE)
        assert set(labels) == {"orange", "blue"}

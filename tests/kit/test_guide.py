"""docs/plugins.md: its commands, all of them and in their order, in a fresh environment.

The environment holds the wheels of Boxwright and of the new plugin; what both stand on, torch and
the like, is lent by the environment of the tests. uv stands in for pip: it needs no network.
"""

import os
import socket
import stat
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_every_block_is_of_a_kind_that_the_tests_know(
    guide_files: dict[str, str], guide_commands: list[str]
) -> None:
    assert set(guide_files) == {"shapes.py", "quick.toml"}
    assert guide_commands[0] == "boxwright new-backbone hourglass"
    assert all(line.split()[0] in ("boxwright", "pip", "python") for line in guide_commands)


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
    assert "13 passed" in printed
    assert "failed" not in printed
    accuracies = [line.split("AP50 ")[1][:5] for line in lines if "AP50 " in line]
    assert max(map(float, accuracies)) > 0.8
    boxes = [line.split()[1] for line in lines if line.startswith("shapes/images/100.png")]
    assert set(boxes) == {"orange", "blue"}

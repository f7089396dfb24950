"""`boxwright plugins check`, as it is typed."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from boxwright.cli import app
from boxwright.cli.exit_codes import UNUSABLE, USAGE
from boxwright_workshop.conformance.suites import names

Install = Callable[..., Path]

HOOK = "@hookimpl\ndef boxwright_backbones():\n    return [backbone(%s)]\n"
SHALLOW = HOOK % "levels=LEVELS[:1]"
UNDECLARED = HOOK % "levels=(Level('C2', 8, 4), Level('C3', 12, 8))"
PATIENT = """
def wait():
    import os, time
    from pathlib import Path

    for _ in range(2000):
        if Path(os.environ["GO"]).exists():
            return build()
        time.sleep(0.01)
    raise RuntimeError("nobody read what was printed")
"""
PASTED = """\
from boxwright_contract.geometry.field import AxisField, Field
from boxwright_contract.parts import Level

LEVELS = (
    Level("C2", channels=8, stride=4, field=Field(axes=(AxisField(4, (0,), (3,)),) * 2)),
    Level("C3", channels=12, stride=8, field=Field(axes=(AxisField(8, (0,), (7,)),) * 2)),
)
"""


def boxwright(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_check_that_fails_is_told_with_the_cure_and_the_exit_code(install: Install) -> None:
    install("too_shallow", SHALLOW)
    printed = boxwright("plugins", "check", "too_shallow")
    assert printed.exit_code == UNUSABLE
    lines = [line.split() for line in printed.stdout.splitlines()]
    assert ["backbone", "levels_are_built_as_declared", "failed", "see", "below"] in lines
    assert (
        "failed: levels_are_built_as_declared\n  the network returns the levels C2, C3, but C2"
        in printed.stdout
    )
    skipped = next(line for line in lines if "graph_answers_as_torch" in line)
    needed = "skipped not looked at: it needs levels_are_built_as_declared to pass first"
    assert " ".join(skipped[2:]) == needed
    assert printed.stderr == ""


def test_what_to_declare_is_told_as_geometry_tells_it_and_then_what_a_pass_costs(
    install: Install,
) -> None:
    install("no_fields", UNDECLARED)
    checked = boxwright("plugins", "check", "no_fields").stdout
    measured = boxwright("geometry", "backbone", "no_fields", "--measure").stdout
    assert f"\n\n{PASTED}" in checked
    assert measured.endswith(f"\n\n{PASTED}")
    assert re.search(
        r"no_fields: 804 parameters; one image of 320 x 448 px, height x width, takes 4.30 M "
        r"multiply-accumulates, and \d+\.\d ms in torch on \d+ threads? of this machine\.\n$",
        checked,
    )


def test_warnings_alone_are_no_failure_and_json_holds_everything(install: Install) -> None:
    install("no_fields", UNDECLARED)
    printed = boxwright("plugins", "check", "no_fields", "--json")
    assert printed.exit_code == 0, printed.stderr
    [part] = json.loads(printed.stdout)
    assert (part["kind"], part["name"], part["version"]) == ("backbone", "no_fields", "1.2")
    assert [row["check"] for row in part["checks"]] == names("backbone")
    [row] = [row for row in part["checks"] if row["status"] != "passed"]
    assert (row["check"], row["status"]) == ("declares_what_it_sees", "warned")
    assert row["code"] == PASTED.rstrip()
    assert set(row) == {"check", "status", "seen", "cure", "code", "seconds"}
    assert part["cost"]["parameters"] == 804


def test_a_plugin_that_cannot_be_loaded_is_told_why(install: Install) -> None:
    install("unlucky", "", "raise RuntimeError('no luck')")
    printed = boxwright("plugins", "check", "unlucky")
    assert printed.exit_code == UNUSABLE
    assert "importing 'unlucky' raised RuntimeError: no luck (" in printed.stderr


def test_a_name_that_nothing_has_is_told_with_how_to_install_it() -> None:
    printed = boxwright("plugins", "check", "resnet51")
    assert printed.exit_code == USAGE
    assert "Did you mean 'resnet50'?" in printed.stderr
    assert printed.stderr.endswith(
        ". Is it installed in this environment? pip install --editable resnet51\n"
    )


def test_a_name_that_is_taken_does_not_examine_the_part_that_has_it(install: Install) -> None:
    install("my_nets", HOOK % "name='resnet18'")
    printed = boxwright("plugins", "check", "resnet18")
    assert printed.exit_code == UNUSABLE
    assert printed.stdout == ""
    assert (
        "my_nets of my_nets 1.2: the name 'resnet18' is also offered by boxwright. Rename one"
        in (printed.stderr)
    )


def test_a_terminal_shows_each_check_once(install: Install) -> None:
    install("too_shallow", SHALLOW)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "boxwright", "plugins", "check", "too_shallow"]
    path = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        command,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "PYTHONPATH": path, "TERM": "xterm"},
    ):
        os.close(theirs)
        shown = b"".join(iter(lambda: read(ours), b"")).decode()
    os.close(ours)
    lines = [re.split(r"\r|\x1b\[2K", line)[-1] for line in shown.replace("\r\n", "\n").split("\n")]
    table = [line for line in lines if line.startswith("backbone  ")]
    assert [line.split()[1] for line in table] == names("backbone")
    assert "imports_quickly ..." in shown


def test_a_pipe_gets_each_row_when_it_is_known(install: Install, tmp_path: Path) -> None:
    install("patient", PATIENT + HOOK % "build=wait")
    go = tmp_path / "go"
    path = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        [sys.executable, "-m", "boxwright", "plugins", "check", "patient"],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path, "GO": str(go)},
        text=True,
    ) as running:
        assert running.stdout is not None
        first = [running.stdout.readline().split()[1] for _ in range(5)]
        go.touch()
        following = running.stdout.readline().split()
        running.kill()
    assert first == ["check", *names("backbone")[:4]]
    assert following[1:3] == ["levels_are_built_as_declared", "passed"]


def read(terminal: int) -> bytes:
    """Return what a terminal shows next; nothing once the program has ended."""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("plugins check resnet51", "Did you mean 'resnet50'?"),
        ("plugins check unlucky", "RuntimeError: no luck"),
        ("plugins check misspelt", "Did you mean 'boxwright_backbones'?"),
        ("export runs/gone --name x", "there is no checkpoint folder runs/gone"),
        ("export . --name x", "is not a checkpoint"),
        ("export fasterrcnn_resnet50_fpn --name x --out {}", "Choose another version"),
        ("train --data gone.json --out out", "there is no annotations file"),
        ("train --data gone.json --out out --backbone resnet51", "Did you mean 'resnet50'?"),
        ("train --data gone.json", "--out FOLDER are both needed"),
    ],
)
def test_what_is_easily_seen_is_told_before_torch_is_imported(
    arguments: str, said: str, install: Install, tmp_path: Path
) -> None:
    install("unlucky", "", "raise RuntimeError('no luck')")
    install("misspelt", "@hookimpl\ndef boxwright_backbone(): ...\n")
    (tmp_path / "x" / "1").mkdir(parents=True)
    run = (
        "import sys\nfrom boxwright.cli import app\n"
        "try:\n    app(sys.argv[1:])\n"
        "finally:\n    print('torch' in sys.modules, 'numpy' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", run, *arguments.format(tmp_path).split()],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said in told.stderr
    assert told.stdout.split()[0] == "False"
    assert told.returncode in (USAGE, UNUSABLE)

"""`boxwright doctor`, as people and machines run it."""

import inspect
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from boxwright.__main__ import INTERRUPTED
from boxwright.cli import app, exit_codes
from boxwright.cli.doctor import doctor
from boxwright.ports import Address
from boxwright.settings import Settings
from boxwright_contract.card import GRAPH_FILE

if TYPE_CHECKING:
    from tests.doctor.conftest import Install

QUICK = ("doctor", "--quick", "--port", "0")


def run(*arguments: str) -> tuple[int, str]:
    """Return the exit code and what was printed."""
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.stdout


def findings(*arguments: str) -> list[dict[str, str]]:
    told: dict[str, Any] = json.loads(run(*QUICK, "--json", *arguments)[1])
    return list(told["findings"])


def test_it_takes_every_option_of_serve() -> None:
    missing = {entry.name for entry in fields(Settings)} - set(inspect.signature(doctor).parameters)
    assert not missing


def test_a_machine_that_can_serve_ends_with_0_and_a_verdict(models: Path) -> None:
    code, printed = run("doctor", "--port", "0", "--models", str(models), "--device", "cpu")
    assert code == 0, printed
    assert "model runs\n  ok       bright/10 loads in" in printed
    assert "  warning  not served: altered/1:" in printed
    assert printed.splitlines()[-1].startswith("`boxwright serve` can serve here: ")


def test_strict_lets_a_warning_fail(models: Path) -> None:
    arguments = (*QUICK, "--models", str(models))
    assert run(*arguments)[0] == 0
    assert run(*arguments, "--strict")[0] == exit_codes.UNUSABLE


def test_what_would_not_serve_ends_with_4_and_the_rest_is_told(tmp_path: Path) -> None:
    code, printed = run(*QUICK, "--models", str(tmp_path), "--device", "require:tensorrt")
    assert code == exit_codes.UNUSABLE
    problems = [line for line in printed.splitlines() if line.startswith("  problem")]
    assert len(problems) == 2
    assert "BOXWRIGHT_DEVICE (--device) is 'require:tensorrt', but" in problems[0]
    assert "\nplugins\n  ok " in printed
    assert "it would not serve as it should: 2 problems" in printed


def test_json_has_every_finding_with_its_cure(models: Path) -> None:
    found = findings("--models", str(models), "--threads", "1024")
    assert {tuple(each) for each in found} == {("concern", "level", "what", "cure")}
    (threads,) = (each for each in found if each["concern"] == "processor" and each["cure"])
    assert threads["level"] == "warning"
    assert threads["cure"].startswith("Set BOXWRIGHT_THREADS (--threads) to ")


def test_quick_opens_no_model(models: Path) -> None:
    concerns = {each["concern"] for each in findings("--models", str(models))}
    assert "models" in concerns
    assert "model runs" not in concerns


def test_a_bad_setting_of_the_environment_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXWRIGHT_TLS_CERTIFICATE", "/none.crt")
    found = [each for each in findings() if each["level"] == "problem"]
    assert [each["concern"] for each in found] == ["settings"]


def test_a_server_that_runs_is_asked_where_it_is_named(address: Address) -> None:
    found = [each for each in findings("--server", str(address)) if "answers" in each["what"]]
    assert [each["what"] for each in found] == [f"{address} answers: SERVING"]
    gone = [each for each in findings("--server", "127.0.0.1:1") if each["level"] == "problem"]
    assert [each["concern"] for each in gone] == ["running server"]


def test_a_plugin_that_hangs_holds_up_neither_the_report_nor_the_end(
    install: "Install", site: Path
) -> None:
    install("acme_asleep", "import time; time.sleep(600)")
    short = (
        "import sys; from boxwright.doctor import check, examination as e\n"
        "e.QUICK = [check.Check(c.concern, c.look, 2) for c in e.QUICK]\n"
        "from boxwright.__main__ import main; sys.argv[0] = 'boxwright'; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", short, *QUICK],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == exit_codes.UNUSABLE
    assert "plugins\n  problem  looking at this did not end within 2 s" in done.stdout
    assert "it would not serve as it should: 1 problem" in done.stdout


def test_it_changes_nothing_in_the_folder_of_models(
    make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    graph = make_bundle(tmp_path / "bright" / "1") / GRAPH_FILE
    before = [(file, file.stat()) for file in sorted(tmp_path.rglob("*"))]
    assert run("doctor", "--port", "0", "--models", str(tmp_path))[0] == 0
    after = [(file, file.stat()) for file in sorted(tmp_path.rglob("*"))]
    assert [(file, it.st_mtime_ns) for file, it in after] == [
        (file, it.st_mtime_ns) for file, it in before
    ]
    assert graph in dict(after)


def test_quick_is_quick() -> None:
    command = [sys.executable, "-m", "boxwright", *QUICK]
    before = os.times()
    subprocess.run(command, capture_output=True, check=True)
    after = os.times()
    spent_s = (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
    assert spent_s < 1.5


@pytest.mark.parametrize("module", ["typer", "boxwright.cli.serve", "onnxruntime"])
def test_ctrl_c_in_the_midst_of_an_import_ends_with_130_and_no_traceback(module: str) -> None:
    code = (
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from boxwright.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *QUICK], capture_output=True, text=True, check=False
    )
    assert done.returncode == INTERRUPTED == exit_codes.INTERRUPTED
    assert "Traceback" not in done.stderr


def test_ctrl_c_while_it_looks_ends_with_130_and_no_traceback(
    make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    make_bundle(tmp_path / "slow" / "1", multiplications=400)
    command = [sys.executable, "-m", "boxwright", "doctor", "--port", "0"]
    with subprocess.Popen(
        [*command, "--models", str(tmp_path)], stdout=-1, stderr=-1, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        while program.stdout.readline() != "telemetry\n":
            pass
        time.sleep(0.5)
        program.send_signal(signal.SIGINT)
        assert program.wait(30) == INTERRUPTED
        assert "Traceback" not in program.stderr.read()

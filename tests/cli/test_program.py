"""The program as a process: start, signals, exit codes."""

import inspect
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

from boxwright.cli import app
from boxwright.cli.demo import PHOTO
from boxwright.cli.exit_codes import MEANINGS
from boxwright.cli.serve import serve
from boxwright.client import Client
from boxwright.settings import Settings

BOXWRIGHT = (sys.executable, "-m", "boxwright")


def test_help_lists_every_exit_code() -> None:
    printed = CliRunner().invoke(app, ["--help"]).stdout
    for code, meaning in MEANINGS.items():
        assert f"{code:<4} {meaning}" in printed


def test_the_command_line_starts_without_what_only_commands_need() -> None:
    heavy = "{'numpy', 'cv2', 'grpc', 'onnxruntime', 'pluggy', 'torch'}"
    check = f"import sys, boxwright.cli; sys.exit(', '.join({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == ""


def test_a_mistyped_command_ends_with_the_nearest() -> None:
    printed = CliRunner().invoke(app, ["detcet"])
    assert printed.exit_code == 2
    assert "Did you mean 'detect'?" in printed.stderr


def test_every_setting_is_an_option_of_serve() -> None:
    assert list(inspect.signature(serve).parameters) == [entry.name for entry in fields(Settings)]


def test_a_setting_that_cannot_work_is_a_usage_error(tmp_path: Path) -> None:
    printed = CliRunner().invoke(app, ["serve", "--models", str(tmp_path / "none")])
    assert printed.exit_code == 2
    assert "BOXWRIGHT_MODELS (--models)" in printed.stderr


def test_serve_tells_its_address_and_ends_with_0_on_sigterm(models: Path) -> None:
    command = [*BOXWRIGHT, "serve", "--port", "0", "--models", str(models), "--drain-delay-s", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        said = server.stdout.readline()
        with Client(said.split()[-1]) as client:
            assert client.ready()
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0
    assert said.startswith("serving on 127.0.0.1:")


def test_ctrl_c_ends_a_command_with_130_and_no_traceback(
    make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    make_bundle(tmp_path / "models" / "slow" / "1", multiplications=20)
    for number in range(200):
        (tmp_path / f"{number}.jpg").write_bytes(PHOTO.read_bytes())
    command = [*BOXWRIGHT, "detect", str(tmp_path), "--models", str(tmp_path / "models")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.readline()
        program.send_signal(signal.SIGINT)
        assert program.wait(30) == 130
        assert "Traceback" not in program.stderr.read()


@pytest.mark.parametrize(
    "command",
    [
        ["train", "--data", "a.json", "--val", "b.json", "--out", "out"],
        ["evaluate", "model", "--data", "b.json"],
        ["export", "checkpoint", "--name", "mine"],
    ],
    ids=lambda command: command[0],
)
def test_workshop_commands_say_which_install_they_need(command: list[str]) -> None:
    without_torch = (
        "import sys; sys.modules['torch'] = None; from boxwright.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", without_torch, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert "'torch', which is not installed" in done.stderr
    assert "pip install 'boxwright[workshop]'" in done.stderr

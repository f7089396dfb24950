import signal
import subprocess
import sys
from pathlib import Path

import pytest

WITH_PROPOSALS = """
detector = "fast_rcnn"
weights = ""
[options]
head_channels = 32
[proposals]
source = "sliding_window"
limit = 40
longest_side_px = 128
[schedule]
batch = 1
"""


@pytest.mark.slow
def test_a_training_that_ctrl_c_ends_tells_how_to_go_on_and_does(
    shapes: Path, small_file: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "boxwright", "train", "--recipe", str(small_file)]
    command += ["--data", str(shapes), "--out", str(tmp_path / "run")]
    with subprocess.Popen(
        [*command, "--epochs", "500"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as training:
        assert training.stdout is not None
        assert training.stderr is not None
        first, _ = training.stdout.readline(), training.stdout.readline()
        training.send_signal(signal.SIGINT)
        assert training.wait(60) == 130
        told = training.stderr.read()
    assert first.startswith("epoch 1 of 500")
    assert told.strip() == "stopped. The same command with --resume goes on."
    resumed = subprocess.run(
        [*command, "--epochs", "4", "--resume"], capture_output=True, text=True, check=True
    )
    assert "epoch 4 of 4" in resumed.stdout
    assert "epoch 1 of 4" not in resumed.stdout


@pytest.mark.slow
def test_a_training_that_ctrl_c_ends_before_it_is_saved_starts_again(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    recipe, out = tmp_path / "fast.toml", tmp_path / "run"
    recipe.write_text(WITH_PROPOSALS)
    command = [sys.executable, "-m", "boxwright", "train", "--recipe", str(recipe)]
    command += ["--data", str(shapes), "--out", str(out)]
    for _ in range(2):
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as training:
            assert training.stderr is not None
            assert training.stderr.readline() == "regions proposed for 8 of 8 photos\n"
            training.send_signal(signal.SIGINT)
            assert training.wait(60) == 130
            told = training.stderr.read()
        assert told.strip() == (
            "stopped before anything was saved. The same command starts it again."
        )

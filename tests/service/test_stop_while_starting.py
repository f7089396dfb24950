"""A server that is told to stop while it loads its models: it need not load them all first."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

MODELS = 8
WARM_UP_S = 4


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_server_told_to_stop_while_it_loads_stops_at_once(
    told: signal.Signals, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    for number in range(MODELS):
        make_bundle(tmp_path / f"model{number}" / "1", multiplications=2)
    variables = {
        "BOXWRIGHT_MODELS": str(tmp_path),
        "BOXWRIGHT_PORT": "0",
        "BOXWRIGHT_DEVICE": "cpu",
        "BOXWRIGHT_THREADS": "1",
        "BOXWRIGHT_WARM_UP_S": str(WARM_UP_S),
    }
    with subprocess.Popen(
        [sys.executable, "-c", "from boxwright.cli import main; main()", "serve"],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            assert "metrics on" in process.stderr.readline()
            time.sleep(0.5)
            process.send_signal(told)
            began = time.monotonic()
            output, log = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0, log
    assert time.monotonic() - began < WARM_UP_S
    assert log.splitlines()[-1].endswith("stopped before it served")
    assert "Traceback" not in log
    assert output == ""

"""What the real tritonclient was told by a live server, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings

Told = dict[str, Any]

ROOT = Path(__file__).parents[2]

collect_ignore = ["triton_checks"]  # tritonclient cannot be imported where the server is


@pytest.fixture(scope="session")
def told(models: Path, address: Address, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What every check of `triton_checks` was told, by its name."""
    folder = tmp_path_factory.mktemp("open_inference") / "models"
    copytree(models, folder)
    settings = Settings(
        models=folder,
        port=0,
        device="cpu",
        threads=2,
        watch_s=0,
        warm_up_s=0,
        admin=True,
        max_requests=8,
        drain_delay_s=0,
    )
    with serve_in_background(settings) as with_admin:
        module = "tests.open_inference.triton_checks"
        answers: Told = json.loads(run("-m", module, with_admin, address, folder))
    return answers


def run(*arguments: object) -> str:
    """Run a Python of its own, and return what it prints."""
    ran = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "GRPC_VERBOSITY": "NONE"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout

"""`boxwright health`: asked by people and by the probes of containers."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from boxwright.cli import app
from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings


def health(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, ["health", *arguments], env=environment)


@pytest.fixture
def port() -> int:
    """A port that was free just now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture
def slow(settings: Settings, make_bundle: Callable[..., Path], tmp_path: Path) -> Settings:
    """Settings of a server that takes seconds to start."""
    make_bundle(tmp_path / "slow" / "1", multiplications=5)
    return replace(settings, models=tmp_path, warm_up_s=2)


def test_a_server_that_serves_is_0(address: Address) -> None:
    told = health("--server", str(address))
    assert (told.exit_code, told.stdout) == (0, f"{address}: SERVING\n")


def test_one_service_can_be_asked_for_as_json(address: Address) -> None:
    name = "boxwright.v1.DetectionService"
    told = health("--server", str(address), "--service", name, "--json")
    assert told.exit_code == 0
    assert json.loads(told.stdout) == {
        "server": str(address),
        "service": name,
        "status": "SERVING",
    }


def test_a_service_that_is_not_there_is_2_with_the_nearest(address: Address) -> None:
    told = health("--server", str(address), "--service", "boxwright.v1.Detection", "--wait", "60")
    assert told.exit_code == 2
    assert "Did you mean 'boxwright.v1.DetectionService'?" in told.stderr


def test_no_server_is_3(port: int) -> None:
    told = health("--server", f"127.0.0.1:{port}")
    assert told.exit_code == 3
    assert f"no server answers at 127.0.0.1:{port}" in told.stderr


def test_a_wait_for_no_server_ends(port: int) -> None:
    began = time.monotonic()
    assert health("--server", f"127.0.0.1:{port}", "--wait", "0.5").exit_code == 3
    assert 0.5 <= time.monotonic() - began < 5


def test_the_server_of_the_environment_is_asked_at_its_health_port(
    settings: Settings, port: int
) -> None:
    with serve_in_background(replace(settings, health_port=port)):
        told = health(BOXWRIGHT_HOST="0.0.0.0", BOXWRIGHT_HEALTH_PORT=str(port))
    assert (told.exit_code, told.stdout) == (0, f"127.0.0.1:{port}: SERVING\n")


def test_the_server_of_the_environment_is_asked_at_its_port(address: Address) -> None:
    told = health(BOXWRIGHT_PORT=str(address.port), BOXWRIGHT_HEALTH_PORT="0")
    assert (told.exit_code, told.stdout) == (0, f"{address}: SERVING\n")


def test_a_server_that_starts_is_not_serving_and_is_waited_for(slow: Settings, port: int) -> None:
    environment = {"BOXWRIGHT_HEALTH_PORT": str(port)}
    server = serve_in_background(replace(slow, health_port=port))
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(server.__enter__)
        try:
            while (early := health(**environment)).stderr:
                time.sleep(0.05)
            late = health("--wait", "60", **environment)
        finally:
            starting.result()
            server.__exit__(None, None, None)
    assert (early.exit_code, early.stdout) == (3, f"127.0.0.1:{port}: NOT_SERVING\n")
    assert late.exit_code == 0


def test_settings_that_cannot_work_are_nothing_to_a_server_that_is_named(address: Address) -> None:
    bad = {"BOXWRIGHT_PORT": "tcp://10.0.0.1:50051"}  # as Kubernetes sets it
    assert health("--server", str(address), **bad).exit_code == 0
    assert health(**bad).exit_code == 2


def test_any_free_port_cannot_be_asked() -> None:
    told = health(BOXWRIGHT_PORT="0", BOXWRIGHT_HEALTH_PORT="0")
    assert told.exit_code == 2
    assert "Give --server." in told.stderr


def test_options_of_tls_are_refused_where_a_health_port_is_asked(port: int) -> None:
    told = health("--tls", BOXWRIGHT_HEALTH_PORT=str(port))
    assert told.exit_code == 2
    assert "--tls: there is no server to use it for" in told.stderr


def test_a_probe_loads_no_more_than_it_needs(settings: Settings, port: int) -> None:
    probe = """
import sys
from boxwright.cli import main
try:
    main()
finally:
    print(sorted({"numpy", "cv2", "onnxruntime", "boxwright.client"} & set(sys.modules)))
"""
    with serve_in_background(replace(settings, health_port=port)):
        done = subprocess.run(
            [sys.executable, "-c", probe, "health"],
            env={"BOXWRIGHT_HEALTH_PORT": str(port)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "[]"

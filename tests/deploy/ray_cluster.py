"""A Ray cluster whose nodes are network namespaces of this machine: nodes that can be lost."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SUBNET = "10.77.0"
HOST = 254
"""This machine's own last number in it."""
DASHBOARD = 8265
GCS = 6379
GRPC = 50051

ENVIRON = Path(__file__).parents[2] / "deploy" / "ray" / "ray.env"
IN_TESTS = {
    "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "4",  # else half a minute for each replica
    "RAY_SERVE_HAPROXY_NBTHREAD": "1",
}


def shipped_environ() -> dict[str, str]:
    """Return the variables of ray.env."""
    lines = ENVIRON.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@dataclass(frozen=True)
class Node:
    """One machine, so to speak."""

    number: int
    cores: Sequence[int] | None

    @property
    def namespace(self) -> str:
        return f"bwray{self.number}"

    @property
    def ip(self) -> str:
        return f"{SUBNET}.{self.number}"

    @property
    def address(self) -> str:
        """Where it takes calls."""
        return f"{self.ip}:{GRPC}"

    def pids(self) -> list[int]:
        """Return its processes."""
        return [int(pid) for pid in run("ip", "netns", "pids", self.namespace).split()]

    def replicas(self) -> list[int]:
        """Return the processes of its replicas."""
        named = {pid: Path(f"/proc/{pid}/cmdline") for pid in self.pids()}
        return [
            pid
            for pid, file in named.items()
            if file.exists() and file.read_bytes().startswith(b"ray::ServeReplica:boxwright")
        ]

    def die(self) -> None:
        """Lose all its processes at once, as with its power."""
        while pids := self.pids():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.2)


@dataclass(frozen=True)
class Cluster:
    """Nodes of one Ray, the first of which is its head."""

    nodes: Sequence[Node]
    environ: dict[str, str]
    folder: Path

    def ray(self, node: Node, *arguments: str) -> str:
        """Run `ray` on a node."""
        pinned = ["taskset", "-c", ",".join(map(str, node.cores))] if node.cores else []
        inside = ["ip", "netns", "exec", node.namespace, *pinned]
        return run(*inside, program("ray"), *arguments, environ=self.environ)

    def serve(self, *arguments: str) -> str:
        """Run `serve` against the head."""
        command, *rest = arguments
        head = f"http://{self.nodes[0].ip}:{DASHBOARD}"
        return run(program("serve"), command, "-a", head, *rest, environ=self.environ)

    def join(self, node: Node, cpus: int) -> None:
        """Start a node: the head, or one that joins it."""
        common = [f"--node-ip-address={node.ip}", f"--num-cpus={cpus}"]
        common += ["--object-store-memory=100000000", "--disable-usage-stats"]
        if node is self.nodes[0]:
            common += ["--head", f"--port={GCS}", f"--dashboard-host={node.ip}"]
            common += [f"--temp-dir={self.folder}"]
        else:
            common += [f"--address={self.nodes[0].ip}:{GCS}"]
        self.ray(node, "start", *common)


def program(name: str) -> str:
    """Return the path of a program of this environment."""
    return str(Path(sys.executable).parent / name)


def run(*command: str, environ: dict[str, str] | None = None) -> str:
    """Run a program, and return what it prints."""
    ran = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=180, check=False
    )
    assert ran.returncode == 0, f"{' '.join(command)}\n{ran.stdout[-4000:]}\n{ran.stderr[-4000:]}"
    return ran.stdout


def needed() -> None:
    """Skip where there can be no such cluster."""
    pytest.importorskip("ray", reason="needs ray: uv sync --group dev --group deploy --extra ray")
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs network namespaces: run as root, with iproute2 installed")


@contextmanager
def network(nodes: Sequence[Node]) -> Iterator[None]:
    """Give each node a network namespace, all joined by a bridge that this machine is on too."""
    bridge = "bwraybr"
    with contextlib.ExitStack() as until_gone:
        run("ip", "link", "add", bridge, "type", "bridge")
        until_gone.callback(run, "ip", "link", "del", bridge)
        run("ip", "addr", "add", f"{SUBNET}.{HOST}/24", "dev", bridge)
        run("ip", "link", "set", bridge, "up")
        for node in nodes:
            name, here = node.namespace, f"bwrayv{node.number}"
            run("ip", "netns", "add", name)
            until_gone.callback(run, "ip", "netns", "del", name)
            run(*f"ip link add {here} type veth peer name eth0 netns {name}".split())
            until_gone.callback(run, "ip", "link", "del", here)
            until_gone.callback(node.die)
            run(*f"ip link set {here} master {bridge} up".split())
            run(*f"ip -n {name} addr add {node.ip}/24 dev eth0".split())
            run(*f"ip -n {name} link set eth0 up".split())
            run(*f"ip -n {name} link set lo up".split())
        yield


@contextmanager
def cluster(
    cpus: int = 1, cores: Sequence[Sequence[int] | None] = (None, None)
) -> Iterator[Cluster]:
    """Run a cluster with a node for each of `cores`, which it is pinned to; None: to none."""
    nodes = [Node(number, its) for number, its in enumerate(cores, 1)]
    folder = Path(tempfile.mkdtemp(prefix="bwray"))  # short: Ray's sockets lie in it
    token = folder / "token"
    token.write_text(secrets.token_hex(32))
    token.chmod(0o600)
    haproxy = {
        f"RAY_SERVE_HAPROXY_{name}": str(folder / "haproxy" / file)
        for name, file in {
            "CONFIG_FILE_LOC": "haproxy.cfg",
            "SOCKET_PATH": "admin.sock",
            "SERVER_STATE_BASE": "",
            "SERVER_STATE_FILE": "server-state",
            "METRICS_SOCKET_PATH": "metrics.sock",
        }.items()
    }
    told = shipped_environ() | IN_TESTS | haproxy | {"RAY_AUTH_TOKEN_PATH": str(token)}
    environ = {**os.environ, **told}
    try:
        with network(nodes):
            made = Cluster(nodes, environ, folder)
            for node in nodes:
                made.join(node, cpus)
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""What deploy/ray/ has Ray Serve run, on a cluster of this machine."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.ray_cluster import DASHBOARD, Cluster, cluster

from boxwright.client import Client

FOLDER = Path(__file__).parents[2] / "deploy" / "ray"
STEADY = 2
"""Replicas, one a node."""


def shipped() -> Any:
    """Return serve.yaml as it ships."""
    return pytest.importorskip("yaml").safe_load((FOLDER / "serve.yaml").read_text())


def until(wanted: Callable[[], bool], patience_s: float = 90) -> float:
    """Wait for something, and return for how long."""
    began = time.monotonic()
    while not wanted():
        assert time.monotonic() - began < patience_s, "it did not come"
        time.sleep(0.25)
    return time.monotonic() - began


@dataclass
class Serving:
    """A cluster that serves, and how."""

    cluster: Cluster
    variables: dict[str, str]
    autoscaling: dict[str, float] = field(
        default_factory=lambda: {"min_replicas": STEADY, "max_replicas": STEADY}
    )
    cores: float = 1

    def deploy(self) -> None:
        """Deploy serve.yaml with these changes, and wait until it runs."""
        yaml = pytest.importorskip("yaml")
        told = shipped()
        (app,) = told["applications"]
        (deployment,) = app["deployments"]
        app["runtime_env"]["env_vars"] |= self.variables
        deployment["ray_actor_options"]["num_cpus"] = self.cores
        deployment["autoscaling_config"] |= self.autoscaling
        deployment["graceful_shutdown_timeout_s"] = 10
        file = self.cluster.folder / "serve.yaml"
        file.write_text(yaml.safe_dump(told))
        self.cluster.serve("deploy", str(file))
        until(lambda: self.status()["status"] != "DEPLOYING", 240)
        assert self.status()["status"] == "RUNNING", self.status()

    def status(self) -> Any:
        """Return what the dashboard says of the application."""
        token = Path(self.cluster.environ["RAY_AUTH_TOKEN_PATH"]).read_text()
        head = f"http://{self.cluster.nodes[0].ip}:{DASHBOARD}/api/serve/applications/"
        asked = urllib.request.Request(head, headers={"Authorization": f"Bearer {token}"})
        told = json.loads(urllib.request.urlopen(asked, timeout=30).read())
        return told["applications"]["boxwright"]

    def replicas(self) -> set[int]:
        """Return the processes of replicas that run."""
        return {
            replica["pid"]
            for replica in self.status()["deployments"]["boxwright"]["replicas"]
            if replica["state"] == "RUNNING"
        }

    def metrics(self) -> str:
        """Return the metrics of all replicas."""
        return "".join(
            urllib.request.urlopen(f"http://{node.ip}:50052/metrics", timeout=10).read().decode()
            for node in self.cluster.nodes
        )


@contextmanager
def serving(models: Path, **variables: str) -> Iterator[Serving]:
    """Serve models on a cluster of two nodes, with a replica on each."""
    with cluster() as nodes:
        its = Serving(nodes, {"BOXWRIGHT_MODELS": str(models), **variables})
        its.deploy()
        until(lambda: all(len(node.replicas()) == 1 for node in nodes.nodes))
        for node in nodes.nodes:
            with Client(node.address) as client:
                until(client.ready)  # HAProxy, which comes up after the replicas
        yield its

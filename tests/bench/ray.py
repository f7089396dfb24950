"""One plain server beside Ray Serve with one node and with two: `just bench-ray`, as root.

Each server and each node is pinned to a core of its own, so that two nodes have two cores between
them. Ray's own processes and HAProxy run on the core of their node, as they would on a machine of
one core. Whoever asks is pinned to none, and takes its part of these cores where there are no
others: with two nodes it has nowhere else to go on a machine of two cores. Compare on one with a
core to spare for each eight askers.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from tests.bench.serving import Load, _load, _sent
from tests.deploy.ray_cluster import Node, cluster
from tests.deploy.ray_serving import Serving, until

from boxwright.client import Client
from boxwright.settings import PACKAGED_MODELS

PLAIN = "one plain server, 1 core"


@dataclass(frozen=True)
class Measured:
    """What a number of askers measured."""

    load: Load
    cores: float
    """As many they kept busy themselves."""


def main(
    models: Annotated[Path, typer.Option(help="Folder with one model.")] = PACKAGED_MODELS,
    seconds: Annotated[float, typer.Option(help="Length of each measurement.")] = 15,
    clients: Annotated[int, typer.Option(help="Who ask at once, for each node.")] = 4,
) -> None:
    """Measure, and print a table."""
    if os.geteuid() != 0:
        sys.exit("the nodes are network namespaces, which need root. Run it as root.")
    cores = sorted(os.sched_getaffinity(0))[:2]
    sent = _sent(None)
    found: dict[str, Measured] = {}
    with plain(models, cores[0]) as address:
        found[PLAIN] = measure([address], clients, sent, seconds)
        found[f"{PLAIN}, 1 client"] = measure([address], 1, sent, seconds)
    with cluster(cores=[[core] for core in cores]) as nodes:
        serving = Serving(nodes, {"BOXWRIGHT_MODELS": str(models), "BOXWRIGHT_DEVICE": "cpu"})
        settle(serving, nodes.nodes)
        both = [node.address for node in nodes.nodes]
        found["Ray Serve, 2 nodes"] = measure(both, 2 * clients, sent, seconds)
        serving.autoscaling = {"min_replicas": 1, "max_replicas": 1}
        serving.deploy()
        until(lambda: len(serving.replicas()) == 1)
        alone = next(node for node in nodes.nodes if node.replicas())
        found["Ray Serve, 1 node"] = measure([alone.address], clients, sent, seconds)
        found["Ray Serve, 1 node, 1 client"] = measure([alone.address], 1, sent, seconds)
    show(found)


def settle(serving: Serving, nodes: Sequence[Node]) -> None:
    """Deploy a replica on each node, and wait until each is reached."""
    serving.deploy()
    until(lambda: all(len(node.replicas()) == 1 for node in nodes))
    for node in nodes:
        with Client(node.address) as client:
            until(client.ready)


@contextmanager
def plain(models: Path, core: int) -> Iterator[str]:
    """Run a server of its own on one core; yield its address."""
    command = ("taskset", "-c", str(core), sys.executable, "-m", "boxwright", "serve")
    options = ("--port", "0", "--device", "cpu", "--models", str(models), "--log-level", "error")
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def measure(
    addresses: Sequence[str], count: int, sent: Sequence[bytes], seconds: float
) -> Measured:
    """Let so many clients ask, in turn at each address."""
    askers = [Client(addresses[number % len(addresses)]) for number in range(count)]
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(lambda client: client.detect(sent[0]), askers))
    time.sleep(1)
    began = time.process_time()
    load = _load([client.detect for client in askers], sent, seconds)
    cores = (time.process_time() - began) / load.seconds
    for client in askers:
        client.close()
    return Measured(load, cores)


def show(found: dict[str, Measured]) -> None:
    """Print the table."""
    head = ("images/s", "p50 ms", "p99 ms", "of plain", "askers' cores")
    typer.echo(f"{'':<32}" + "".join(f"{each:>14}" for each in head))
    for who, its in found.items():
        p50_ms, p99_ms = its.load.percentile_ms(50), its.load.percentile_ms(99)
        part = its.load.rate / found[PLAIN].load.rate
        row = (f"{its.load.rate:.1f}", f"{p50_ms:.1f}", f"{p99_ms:.1f}", f"{part:.2f}")
        typer.echo(f"{who:<32}" + "".join(f"{each:>14}" for each in (*row, f"{its.cores:.2f}")))


if __name__ == "__main__":
    typer.run(main)

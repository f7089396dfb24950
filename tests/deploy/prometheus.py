"""A real Prometheus with the configuration that ships, before servers of this machine."""

import http.client
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.telemetry.observed import free_port

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"
NAME = re.compile(r"\b(?:boxwright|process)_\w+")
RECORDED = re.compile(r"\w+:\w+:\w+")


def program(name: str) -> str:
    """Return where a program of Debian's package `prometheus` lies, installed first if need be."""
    if shutil.which(name) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in ("update", "install --assume-yes --no-install-recommends prometheus"):
            subprocess.run(["apt-get", "-qq", *command.split()], check=False)
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed. As root: apt-get install prometheus")
    return found


def metrics_of(expressions: Iterable[str]) -> set[str]:
    """Return the metrics that PromQL expressions name, recorded ones apart."""
    return {name for each in expressions for name in NAME.findall(RECORDED.sub("", each))}


@dataclass(frozen=True)
class Prometheus:
    """Where a Prometheus answers."""

    port: int
    host: str = "127.0.0.1"

    def asked(self, path: str, **parameters: str) -> Any:
        """Return the data of an answer of its API."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        connection.request("GET", f"/api/v1/{path}?{urlencode(parameters)}")
        answer = json.loads(connection.getresponse().read())
        connection.close()
        assert answer["status"] == "success", (parameters, answer)
        return answer["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series that an expression is now."""
        found: list[dict[str, Any]] = self.asked("query", query=expression)["result"]
        return found

    def until(self, expression: str, least: float, patience_s: float = 30) -> None:
        """Wait for an expression to be that much."""
        ending = time.monotonic() + patience_s
        while not any(float(each["value"][1]) >= least for each in self.query(expression)):
            assert time.monotonic() < ending, f"{expression} never was {least}"
            time.sleep(0.2)


@contextmanager
def prometheus(folder: Path, targets: list[str]) -> Iterator[Prometheus]:
    """Run Prometheus over `targets`, as shipped otherwise, but with a look every second."""
    binary = program("prometheus")
    yaml = pytest.importorskip("yaml")
    for rules in FOLDER.glob("*.yaml"):
        shutil.copy(rules, folder)
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["scrape_configs"][0]["static_configs"] = [{"targets": targets}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    running = Prometheus(free_port())
    command = [binary, "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
    command += [f"--web.listen-address=127.0.0.1:{running.port}", "--log.level=error"]
    process = subprocess.Popen(command, cwd=folder)
    try:
        while process.poll() is None:
            try:
                running.query("1")
                break
            except OSError:
                time.sleep(0.1)
        yield running
    finally:
        process.terminate()
        process.wait()

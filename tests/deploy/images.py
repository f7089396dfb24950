"""Builds the images of deploy/container without a network, and runs them hardened."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.deploy.envoys import free_port

CONTAINER = Path(__file__).parents[2] / "deploy" / "container"
BASE = "localhost/python-base:slim"
HARDENED = (
    "--read-only",
    "--read-only-tmpfs=false",  # podman's own would be writable
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
    "--memory=2g",
    "--pids-limit=128",
)


@dataclass(frozen=True)
class Running:
    """A container that serves."""

    name: str
    address: str
    """Where its gRPC port is published on this machine."""
    serving_after_s: float
    """From `podman run` on."""

    def python(self, code: str) -> str:
        """Return what Python prints in the container; there is no shell."""
        return podman("exec", self.name, "python", "-c", code)


def podman(*arguments: str) -> str:
    """Run podman; return what it printed."""
    done = subprocess.run(["podman", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def built(target: str) -> str:
    """Return the name of an image of this checkout, or skip where it cannot be built."""
    if os.geteuid() != 0:
        pytest.skip("these tests run podman as root. Run `just test-containers` as root.")
    if shutil.which("podman") is None:
        if shutil.which("apt-get") is None:
            pytest.skip("podman is not installed. Install podman, runc and mmdebstrap.")
        subprocess.run([CONTAINER / "ci" / "install.sh"], check=True)
    os.environ.setdefault("CONTAINERS_CONF", str(CONTAINER / "ci" / "containers.conf"))
    if subprocess.run(["podman", "image", "exists", BASE], check=False).returncode:
        subprocess.run([CONTAINER / "ci" / "base.sh"], check=True)
    offline = {**os.environ, "BASE": BASE, "OFFLINE": "1"}
    subprocess.run([CONTAINER / "build.sh", target], env=offline, check=True)
    return f"localhost/boxwright:{target}"


@contextmanager
def running(image: str, *options: str) -> Iterator[Running]:
    """Run an image hardened, with these options of `podman run`; yield it when it serves."""
    port = free_port()
    began = time.monotonic()
    name = podman("run", "-d", f"-p=127.0.0.1:{port}:50051", *HARDENED, *options, image).strip()
    try:
        ready = subprocess.run(
            ["podman", "exec", name, "boxwright", "health", "--wait", "60"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ready.returncode == 0, f"{ready}\n{podman('inspect', name)}"
        yield Running(name, f"127.0.0.1:{port}", time.monotonic() - began)
    finally:
        podman("rm", "--force", "--time=0", name)

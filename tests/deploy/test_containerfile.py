"""What the files of deploy/container say, without an image."""

import re
import shutil
import subprocess
import tomllib

import pytest
from tests.deploy.images import CONTAINER

from boxwright.settings import Settings

CONTAINERFILE = (CONTAINER / "Containerfile").read_text()
PROJECT = tomllib.loads((CONTAINER.parents[1] / "pyproject.toml").read_text())["project"]
ENVIRONMENT = dict(re.findall(r"(BOXWRIGHT_\w+)=(\S+)", CONTAINERFILE))


def test_the_image_has_the_ports_of_the_service() -> None:
    its = Settings.read({name: text for name, text in ENVIRONMENT.items() if "PORT" in name})
    assert its.port == Settings.port
    assert (its.metrics_port, its.health_port) == (its.port + 1, its.port + 2)
    assert f"EXPOSE {its.port} {its.metrics_port} {its.health_port}\n" in CONTAINERFILE


def test_every_server_target_is_an_extra_that_can_be_installed() -> None:
    targets = set(re.findall(r"^FROM server AS (\w+)$", CONTAINERFILE, flags=re.MULTILINE))
    assert targets == {"cpu", "openvino", "gpu"}
    assert targets | {"ray", "workshop"} <= PROJECT["optional-dependencies"].keys()


def test_nothing_of_a_registry_or_an_index_is_written_down() -> None:
    ours = (
        each for each in CONTAINER.rglob("*") if not {".mypy_cache", "__pycache__"} & {*each.parts}
    )
    for file in (each for each in ours if each.is_file()):
        assert not re.search(r"https?://|\.io/|pypi", file.read_text().replace("pkg:pypi", ""))


@pytest.mark.deploy
def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed. Run `uv sync --group dev --group deploy`.")
    done = subprocess.run(
        [hadolint, CONTAINER / "Containerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")

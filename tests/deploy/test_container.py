"""The image for processors: built without a network, run with no rights, called from outside."""

import ast
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from tests.deploy.images import CONTAINER, Running, podman, running

from boxwright.cli.demo import PHOTO
from boxwright.client import Client
from boxwright.v1.detection_pb2 import DetectRequest
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

pytestmark = [pytest.mark.container, pytest.mark.timeout(900)]

LARGEST_MB = 420
"""406 when measured, 178 of them OpenCV. The README of deploy/container tells what takes them."""
SLOWEST_START_S = 60
"""3 to 4 on a machine that does nothing else."""


@pytest.fixture(scope="module")
def container(cpu_image: str) -> Iterator[Running]:
    """The image runs, hardened."""
    with running(cpu_image) as found:
        yield found


def test_it_serves_the_packaged_model_to_callers_outside(
    container: Running, record_testsuite_property: Callable[[str, object], None]
) -> None:
    with Client(container.address) as client:
        assert [model.model for model in client.models()] == ["people"]
        assert [found.label for found in client.detect(PHOTO).detections] == ["person"]
    record_testsuite_property("serving_after_s", round(container.serving_after_s, 1))
    assert container.serving_after_s < SLOWEST_START_S


def test_it_has_no_rights(container: Running) -> None:
    process = podman("inspect", container.name, "--format={{.State.Pid}}").strip()
    lines = Path("/proc", process, "status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines)
    assert status["Uid"].split() == status["Gid"].split() == ["10001"] * 4
    assert {status[each] for each in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"


@pytest.mark.parametrize("folder", ["", "/tmp", "/models", "/opt/boxwright"])
def test_it_can_write_nowhere(folder: str, container: Running) -> None:
    write = f"open('{folder}/new', 'w')"
    told = container.python(f"try: {write}\nexcept OSError as error: print(error.strerror)")
    assert told.strip() == "Read-only file system"


def test_its_health_check_passes(container: Running) -> None:
    podman("healthcheck", "run", container.name)
    told = json.loads(podman("inspect", container.name))[0]["State"]["Health"]
    assert told["Status"] == "healthy"


@pytest.mark.parametrize("module", ["torch", "onnx", "pip", "setuptools", "ensurepip"])
def test_what_no_server_needs_is_not_in_it(module: str, container: Running) -> None:
    find = f"import importlib.util; print(importlib.util.find_spec('{module}'))"
    assert container.python(find).strip() == "None"


def test_there_is_no_shell_and_no_package_manager_in_it(container: Running) -> None:
    programs = "import os; print([f for d in ('/bin', '/usr/bin') for f in os.listdir(d)])"
    assert all("python" in name for name in ast.literal_eval(container.python(programs)))


def test_its_telemetry_is_off_for_whatever_runs_in_it(cpu_image: str) -> None:
    its = json.loads(podman("image", "inspect", cpu_image))[0]["Config"]["Env"]
    assert "ORT_DISABLE_TELEMETRY=1" in its


def test_it_is_no_larger_than_the_readme_says(
    cpu_image: str, record_testsuite_property: Callable[[str, object], None]
) -> None:
    size_mb = int(podman("image", "inspect", cpu_image, "--format={{.Size}}")) / 1e6
    record_testsuite_property("size_mb", round(size_mb))
    assert size_mb <= LARGEST_MB


def test_its_bill_of_materials_has_the_locked_packages_and_those_of_the_system(
    cpu_image: str, container: Running
) -> None:
    labels = json.loads(podman("image", "inspect", cpu_image))[0]["Config"]["Labels"]
    told = json.loads(container.python(f"print(open('{labels['boxwright.sbom']}').read())"))
    assert (told["bomFormat"], told["metadata"]["component"]["name"]) == ("CycloneDX", "boxwright")
    versions = {part["name"]: part["version"] for part in told["components"]}
    lock = (CONTAINER.parents[1] / "uv.lock").read_text()
    for name in ("onnxruntime", "grpcio", "opencv-contrib-python-headless"):
        assert f'name = "{name}"\nversion = "{versions[name]}"' in lock
    assert {"cpython", "libc6", "libssl3"} <= versions.keys()
    assert "bash" not in versions
    (opencv,) = (part for part in told["components"] if part["name"].startswith("opencv"))
    assert any(file["name"].startswith("libavcodec") for file in opencv["components"])


def test_sigterm_lets_calls_in_flight_end_and_ends_with_0(cpu_image: str) -> None:
    request = DetectRequest(encoded=PHOTO.read_bytes())
    with running(cpu_image) as container, grpc.insecure_channel(container.address) as channel:
        stub = DetectionServiceStub(channel)
        stub.Detect(request, timeout=30)
        asking = [stub.Detect.future(request, timeout=60) for _ in range(16)]
        time.sleep(0.05)
        assert not all(each.done() for each in asking)
        podman("kill", "--signal=TERM", container.name)
        assert [len(each.result().detections) for each in asking] == [1] * 16
        assert podman("wait", container.name).strip() == "0"


def test_models_mounted_over_the_packaged_one_are_served(
    cpu_image: str, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    make_bundle(tmp_path / "bright" / "1")
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # so that the container's user can read it
    with (
        running(cpu_image, f"--volume={tmp_path}:/models:ro") as container,
        Client(container.address) as client,
    ):
        assert [model.model for model in client.models()] == ["bright"]


def test_a_fresh_volume_has_the_packaged_model(cpu_image: str) -> None:
    volume = podman("volume", "create").strip()
    try:
        with (
            running(cpu_image, f"--volume={volume}:/models") as container,
            Client(container.address) as client,
        ):
            assert [model.model for model in client.models()] == ["people"]
    finally:
        podman("volume", "rm", "--force", volume)

"""The Deployment that the chart renders, run by podman as Kubernetes would: hardened, then drained.

podman knows neither probes of gRPC nor a pod's grace period, so the test asks and stops as kubelet
does. All else of the pod is as rendered, but for the ports, which are on this machine's loopback.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from tests.deploy.chart import Chart, environment
from tests.deploy.chart import helm as found_helm
from tests.deploy.envoys import free_port
from tests.deploy.images import podman

from boxwright.client import Client
from boxwright.v1.detection_pb2 import DetectRequest
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

pytestmark = [pytest.mark.container, pytest.mark.timeout(900)]  # the image may have to be built

PHOTO = Path(__file__).parents[2] / "service/boxwright/photos/astronaut.jpg"
POD = "drained-boxwright-pod-0"
CONTAINER = f"{POD}-boxwright"
DRAIN_DELAY_S = 3.0


@dataclass(frozen=True)
class Ports:
    """Where the pod's ports are on this machine."""

    grpc: int
    metrics: int
    health: int


def healthy(port: int) -> bool:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            health: Any = HealthStub(channel)
            answer = health.Check(HealthCheckRequest(), timeout=5)
        except grpc.RpcError:
            return False
    return bool(answer.status == HealthCheckResponse.SERVING)


@pytest.fixture(scope="module")
def manifest(cpu_image: str) -> dict[str, Any]:
    """The chart's Deployment for the image that was built here."""
    values = (
        f"image.repository={cpu_image.partition(':')[0]}",
        "image.pullPolicy=Never",
        "replicas=1",
    )
    drain = f"drain.delaySeconds={DRAIN_DELAY_S}"
    chart = Chart(found_helm(), defaults=())
    return chart.render(*values, drain, "resources.limits.cpu=1", release="drained").the(
        "Deployment", "drained-boxwright"
    )


@pytest.fixture
def ports(manifest: dict[str, Any], tmp_path: Path) -> Iterator[Ports]:
    """The Deployment runs, and serves."""
    found = Ports(free_port(), free_port(), free_port())
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    for port in container["ports"]:
        port |= {"hostPort": getattr(found, port["name"]), "hostIP": "127.0.0.1"}
    written = tmp_path / "deployment.json"
    written.write_text(json.dumps(manifest))
    podman("play", "kube", str(written))
    try:
        deadline = time.monotonic() + 60
        while not healthy(found.health):
            assert time.monotonic() < deadline, podman("logs", CONTAINER)
            time.sleep(0.2)
        yield found
    finally:
        podman("play", "kube", "--down", str(written))


def test_the_rendered_pod_serves_the_packaged_model_with_no_rights_and_drains(
    manifest: dict[str, Any], ports: Ports
) -> None:
    told = json.loads(podman("inspect", CONTAINER))[0]
    process = Path("/proc", str(told["State"]["Pid"]), "status").read_text()
    status = dict(line.split(":\t", 1) for line in process.splitlines())
    assert status["Uid"].split() == ["10001"] * 4
    assert (int(status["CapEff"], 16), int(status["CapBnd"], 16)) == (0, 0)
    assert status["NoNewPrivs"] == "1"
    told = json.loads(podman("inspect", CONTAINER))[0]
    assert told["HostConfig"]["ReadonlyRootfs"] is True
    assert told["HostConfig"]["Memory"] == 2 << 30
    its = dict(each.split("=", 1) for each in told["Config"]["Env"])
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    assert environment(container).items() <= its.items()
    assert its["BOXWRIGHT_THREADS"] == "1"  # of the limit

    with Client(f"127.0.0.1:{ports.grpc}") as client:
        assert [each.label for each in client.detect(PHOTO).detections] == ["person"]
    grace_s = manifest["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    request = DetectRequest(encoded=PHOTO.read_bytes())
    with grpc.insecure_channel(f"127.0.0.1:{ports.grpc}") as channel:
        stub = DetectionServiceStub(channel)
        asking = [stub.Detect.future(request, timeout=30) for _ in range(8)]
        began = time.monotonic()
        stopping = subprocess.Popen(["podman", "stop", "--time", str(grace_s), CONTAINER])
        while healthy(ports.health):
            assert time.monotonic() - began < DRAIN_DELAY_S
        asking += [stub.Detect.future(request, timeout=30) for _ in range(8)]  # by who asks nobody
        assert [len(each.result().detections) for each in asking] == [1] * 16
    assert stopping.wait(grace_s) == 0
    assert DRAIN_DELAY_S <= time.monotonic() - began < grace_s
    assert json.loads(podman("inspect", CONTAINER))[0]["State"]["ExitCode"] == 0

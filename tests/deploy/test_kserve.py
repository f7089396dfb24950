"""The KServe manifests: KServe's own models know every field, and the server takes the settings."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.chart import CHART, Chart, environment
from tests.deploy.chart import helm as found_helm

from boxwright.server import serve_in_background
from boxwright.settings import Settings, variable

pytestmark = pytest.mark.deploy

KSERVE = "kserve==0.21.0"
FOLDER = CHART.parents[1] / "kserve"

Manifest = dict[str, Any]

TRITON_CALL = """
import sys
import numpy as np
from tritonclient.grpc import InferenceServerClient, InferInput
address, model = sys.argv[1:]
client = InferenceServerClient(address)
assert client.is_server_ready()
image = InferInput("image", [1, 64, 96, 3], "UINT8")
image.set_data_from_numpy(np.full((1, 64, 96, 3), 255, np.uint8))
print(client.infer(model, [image]).as_numpy("count").tolist())
client.close()
"""


def read(file: str) -> Manifest:
    yaml = pytest.importorskip("yaml")
    found: Manifest = yaml.safe_load((FOLDER / file).read_text())
    return found


def faults(*manifests: Manifest) -> list[str]:
    """Return what KServe's models do not know; skips where KServe cannot be had."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        pytest.skip("uv, which can fetch KServe, is not there. Install it, and run this again.")
    script = str(Path(__file__).with_name("kserve_faults.py"))
    command = [uv, "run", "--no-project", "--python", "3.11", "--with", KSERVE, "python", script]
    done = subprocess.run(
        command, input=json.dumps(manifests), capture_output=True, text=True, check=False
    )
    if "Failed to fetch" in done.stderr:
        pytest.skip(f"{KSERVE} cannot be fetched: give uv a package index that has it.")
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def runtime() -> Manifest:
    return read("runtime.yaml")


def test_kserves_own_models_know_every_field(runtime: Manifest) -> None:
    assert faults(runtime, read("packaged.yaml"), read("from-storage.yaml")) == []


def test_that_check_finds_a_field_and_a_type_that_are_wrong(runtime: Manifest) -> None:
    runtime = json.loads(json.dumps(runtime))
    runtime["spec"]["protocolVersion"] = "grpc-v2"
    runtime["spec"]["containers"][0]["readinessProbe"]["grpc"]["port"] = "h2c"
    assert faults(runtime) == [
        "ServingRuntime.spec.containers[0].readinessProbe.grpc.port: 'h2c' is no int",
        "ServingRuntime.spec: V1alpha1ServingRuntimeSpec has no field 'protocolVersion'",
    ]


def test_kustomize_puts_the_image_into_the_runtime() -> None:
    kubectl = shutil.which("kubectl")
    yaml = pytest.importorskip("yaml")
    if kubectl is None:
        pytest.skip("kubectl is not there. Install the dependency group `deploy`.")
    built = subprocess.run(
        [kubectl, "kustomize", str(FOLDER)], check=True, capture_output=True, text=True
    )
    kinds = {each["kind"]: each for each in yaml.safe_load_all(built.stdout)}
    assert kinds["ServingRuntime"]["spec"]["containers"][0]["image"] == "boxwright:cpu"
    assert kinds["InferenceService"]["metadata"]["name"] == "people"


def test_runtime_and_services_fit_each_other_and_the_server(runtime: Manifest) -> None:
    (container,) = runtime["spec"]["containers"]
    told = environment(container)
    (port,) = container["ports"]
    assert container["name"] == "kserve-container"
    assert told[variable("port")] == str(port["containerPort"])
    assert container["readinessProbe"]["grpc"]["port"] == port["containerPort"]
    annotations = runtime["spec"]["annotations"]
    assert annotations["prometheus.kserve.io/port"] == told[variable("metrics_port")]
    assert float(told[variable("drain_grace_s")]) == Settings.drain_grace_s
    drain_s = sum(float(told[variable(each)]) for each in ("drain_delay_s", "drain_grace_s"))
    for file in ("packaged.yaml", "from-storage.yaml"):
        predictor = read(file)["spec"]["predictor"]
        assert predictor["terminationGracePeriodSeconds"] >= drain_s + 5
        assert predictor["model"]["runtime"] == runtime["metadata"]["name"]
        assert predictor["model"]["protocolVersion"] in runtime["spec"]["protocolVersions"]
        formats = [each["name"] for each in runtime["spec"]["supportedModelFormats"]]
        assert predictor["model"]["modelFormat"]["name"] in formats


def test_a_server_is_asked_for_its_health_as_in_the_chart(runtime: Manifest) -> None:
    (container,) = runtime["spec"]["containers"]
    chart = Chart(found_helm()).render().server()
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe] == chart[probe]
    assert (
        str(container["livenessProbe"]["grpc"]["port"])
        == environment(container)[variable("health_port")]
    )
    assert container["readinessProbe"] | {"grpc": None} == chart["readinessProbe"] | {"grpc": None}


@pytest.mark.parametrize(("mounted", "name"), [(".", "bright"), ("bright", "")])
def test_a_server_as_the_runtime_sets_it_answers_tritons_client(
    runtime: Manifest, models: Path, mounted: str, name: str
) -> None:
    told = environment(runtime["spec"]["containers"][0])
    assert told[variable("models")] == "/mnt/models"
    here = {variable("models"): str(models / mounted), variable("host"): "127.0.0.1"}
    free = {variable(each): "0" for each in ("port", "metrics_port", "health_port")}
    quick = {variable("drain_delay_s"): "0", variable("device"): "cpu"}
    with serve_in_background(Settings.read(told | here | free | quick)) as address:
        # tritonclient's own copy of the protocol cannot be in one process with the server's.
        command = [sys.executable, "-c", TRITON_CALL, str(address), name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.stderr, done.stdout.strip()) == ("", "[3]")

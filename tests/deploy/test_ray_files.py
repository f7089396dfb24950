"""The files of deploy/ray/ say what the service says, where both say it."""

import importlib
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.ray_cluster import shipped_environ
from tests.deploy.ray_serving import FOLDER, shipped

from boxwright.ray_serve.told import MOST_REPLICAS, replica_settings
from boxwright.settings import PREFIX, Settings
from boxwright.transport import ROOM_OVER_LIMIT

pytestmark = pytest.mark.deploy

REACHABLE_S, END_S = 30, 5
"""RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S, and Serve's own time to end a replica."""


@pytest.fixture(scope="module")
def deployed() -> Any:
    return shipped()


def named(path: str) -> Any:
    module, _, name = path.replace(":", ".").rpartition(".")
    return getattr(importlib.import_module(module), name)


def test_serve_is_told_of_what_there_is(deployed: Any) -> None:
    assert deployed["grpc_options"]["port"] == Settings.port
    (add,) = deployed["grpc_options"]["grpc_servicer_functions"]
    assert callable(named(add))
    (app,) = deployed["applications"]
    assert callable(named(app["import_path"]))
    (deployment,) = app["deployments"]
    assert deployment["name"] == named("boxwright.ray_serve.app.NAME")


def test_every_variable_has_an_effect_in_a_replica(deployed: Any, tmp_path: Path) -> None:
    (app,) = deployed["applications"]
    variables = app["runtime_env"]["env_vars"]
    assert variables["BOXWRIGHT_MODELS"] == "/models"
    told = replica_settings(variables | {"BOXWRIGHT_MODELS": str(tmp_path)}, 2)
    without = replica_settings({}, 2)
    for variable in variables:
        name = variable.removeprefix(PREFIX).lower()
        assert getattr(told, name) != getattr(without, name), variable


def test_a_replica_is_given_as_long_to_end_as_a_server(deployed: Any) -> None:
    (deployment,) = deployed["applications"][0]["deployments"]
    assert deployment["graceful_shutdown_timeout_s"] == REACHABLE_S + Settings.drain_grace_s + END_S
    scaling = deployment["autoscaling_config"]
    assert 2 <= scaling["min_replicas"] <= scaling["max_replicas"] <= MOST_REPLICAS
    assert scaling["target_ongoing_requests"] < Settings.max_requests


def test_a_node_takes_messages_as_large_as_a_server_does() -> None:
    most = int(shipped_environ()["RAY_SERVE_GRPC_MAX_MESSAGE_SIZE"])
    assert most == ROOM_OVER_LIMIT * Settings.max_message_bytes


def test_kuberay_is_told_the_same(deployed: Any) -> None:
    yaml = pytest.importorskip("yaml")
    environ, service = yaml.safe_load_all((FOLDER / "rayservice.yaml").read_text())
    expected = shipped_environ()
    auth = service["spec"]["rayClusterConfig"]["authOptions"]
    assert auth["mode"] == expected.pop("RAY_AUTH_MODE")
    assert environ["data"] == expected
    assert yaml.safe_load(service["spec"]["serveConfigV2"]) == deployed
    (workers,) = service["spec"]["rayClusterConfig"]["workerGroupSpecs"]
    (deployment,) = deployed["applications"][0]["deployments"]
    assert int(workers["rayStartParams"]["num-cpus"]) == deployment["ray_actor_options"]["num_cpus"]
    locked = tomllib.loads((FOLDER.parents[1] / "uv.lock").read_text())["package"]
    (version,) = [its["version"] for its in locked if its["name"] == "ray"]
    assert service["spec"]["rayClusterConfig"]["rayVersion"] == version
    assert workers["minReplicas"] == deployment["autoscaling_config"]["min_replicas"]
    assert workers["maxReplicas"] == deployment["autoscaling_config"]["max_replicas"]
    pod = workers["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["terminationGracePeriodSeconds"] > deployment["graceful_shutdown_timeout_s"]

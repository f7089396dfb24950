"""The Helm chart means what the server means: settings, ports, threads, the time of a drain."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.chart import CHART, Chart, Rendered, environment
from tests.deploy.chart import helm as found_helm

from boxwright.settings import Settings, variable

pytestmark = pytest.mark.deploy

SOME = (
    "settings.max_message_bytes=33554432",
    "settings.batch_delay_ms=2.5",
    "gpu.count=2",
    "tokens.secretName=tokens",
)
TLS = ("tls.secretName=tls", "tls.clientCertificates=true")


@pytest.fixture(scope="module")
def chart() -> Chart:
    return Chart(found_helm())


def settings_of(rendered: Rendered, tmp_path: Path) -> Settings:
    """Return what the server would read of its environment, were its files there."""
    told = environment(rendered.server())
    files = {name: value for name, value in told.items() if value.startswith("/")}
    for name, value in files.items():
        here = tmp_path / value.lstrip("/")
        here.parent.mkdir(parents=True, exist_ok=True)
        if name == variable("models"):
            here.mkdir()
        else:
            here.touch()
        told[name] = str(here)
    return Settings.read(told)


def test_the_server_takes_the_environment_and_means_the_same(chart: Chart, tmp_path: Path) -> None:
    defaults = settings_of(chart.render(), tmp_path / "plain")
    assert (defaults.port, defaults.metrics_port, defaults.health_port) == (50051, 50052, 50053)
    assert (defaults.host, defaults.device, defaults.metrics) == ("0.0.0.0", "auto", True)
    told = settings_of(chart.render(*SOME), tmp_path / "all")
    assert told.max_message_bytes == 33554432
    assert told.batch_delay_ms == 2.5
    assert told.device == "require:cuda"
    assert told.tokens is not None
    secure = settings_of(chart.render(*TLS), tmp_path / "tls")
    assert None not in (secure.tls_certificate, secure.tls_key, secure.tls_client_ca)


def test_probes_services_and_policies_name_the_servers_ports(chart: Chart, tmp_path: Path) -> None:
    rendered = chart.render()
    settings = settings_of(rendered, tmp_path)
    ports = {
        "grpc": settings.port,
        "metrics": settings.metrics_port,
        "health": settings.health_port,
    }
    server = rendered.server()
    assert {each["name"]: each["containerPort"] for each in server["ports"]} == ports
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert server[probe]["grpc"] == {"port": settings.health_port}
    service = rendered.the("Service")["spec"]
    assert {each["targetPort"]: each["port"] for each in service["ports"]} == ports
    assert service["clusterIP"] == "None"
    ingress = rendered.the("NetworkPolicy")["spec"]["ingress"]
    assert {port["port"] for rule in ingress for port in rule["ports"]} == set(ports)


@pytest.mark.parametrize("values", [(), ("drain.delaySeconds=7.5", "drain.graceSeconds=300")])
def test_a_pod_has_time_for_the_servers_drain(
    chart: Chart, values: tuple[str, ...], tmp_path: Path
) -> None:
    rendered = chart.render(*values, "envoy.enabled=true")
    settings = settings_of(rendered, tmp_path)
    drain_s = settings.drain_delay_s + settings.drain_grace_s
    for name in ("boxwright", "boxwright-envoy"):
        pod = rendered.the("Deployment", name)["spec"]["template"]["spec"]
        assert pod["terminationGracePeriodSeconds"] >= drain_s + 5
    (_, _, *times) = pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    assert [float(each) for each in times] == [
        math.ceil(settings.drain_delay_s),
        settings.drain_grace_s,
    ]
    if not values:
        assert settings.drain_grace_s == Settings.drain_grace_s


def test_balancers_see_that_a_server_drains_while_it_still_takes_calls(
    chart: Chart, tmp_path: Path
) -> None:
    yaml = pytest.importorskip("yaml")
    shipped = yaml.safe_load((CHART / "files/envoy.yaml").read_text())
    (check,) = shipped["static_resources"]["clusters"][0]["health_checks"]
    sees_s = sum(float(check[key].rstrip("s")) for key in ("interval", "timeout"))
    assert settings_of(chart.render(), tmp_path).drain_delay_s > 2 * sees_s


def bounds_of(schema: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Return values that a schema takes, and some that it does not."""
    if "enum" in schema:
        return schema["enum"], [schema["enum"][0] + "?"]
    good, bad = [schema["minimum"]], [schema["minimum"] - 1]
    if "maximum" in schema:
        good.append(schema["maximum"])
        bad.append(schema["maximum"] + 1)
    return good, bad


OWN = {  # what the chart sets by other values
    *("port", "health_port", "metrics", "metrics_port", "models", "tokens", "device"),
    *("tls_certificate", "tls_key", "tls_client_ca", "drain_delay_s", "drain_grace_s"),
    "admin",  # each replica would be told on its own, and a new one would know nothing
}


def test_the_settings_are_those_of_the_server_with_its_bounds() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    settable = schema["properties"]["settings"]["properties"]
    kinds = {name: each.metadata["kind"] for name, each in Settings.__dataclass_fields__.items()}
    assert set(settable) == set(kinds) - OWN
    for name, its in settable.items():
        if name not in ("host", "plugins_allow"):
            good, bad = bounds_of(its)
            assert [kinds[name].accepts(value) for value in good] == [True] * len(good), name
            assert [kinds[name].accepts(value) for value in bad] == [False] * len(bad), name


def test_threads_follow_the_processor_that_the_container_may_use(chart: Chart) -> None:
    def told(*values: str) -> Any:
        env = chart.render(*values).server()["env"]
        return next((each for each in env if each["name"] == variable("threads")), None)

    assert told()["valueFrom"]["resourceFieldRef"]["resource"] == "limits.cpu"
    without = told("resources.limits.cpu=null")
    assert without["valueFrom"]["resourceFieldRef"]["resource"] == "requests.cpu"
    assert told("settings.threads=3") == {"name": "BOXWRIGHT_THREADS", "value": "3"}
    assert told("resources.limits=null", "resources.requests=null") is None


def test_a_gpu_is_asked_for_and_required(chart: Chart) -> None:
    server = chart.render("gpu.count=2").server()
    assert server["resources"]["limits"]["nvidia.com/gpu"] == 2
    assert server["image"] == "registry.example/boxwright:gpu"
    assert environment(server)["BOXWRIGHT_DEVICE"] == "require:cuda"
    other = chart.render("gpu.count=1", "device=prefer:tensorrt", "image.tag=trt").server()
    assert environment(other)["BOXWRIGHT_DEVICE"] == "prefer:tensorrt"
    assert other["image"] == "registry.example/boxwright:trt"

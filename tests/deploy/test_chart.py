"""The Helm chart: what it renders is valid and hardened, and means what the server means."""

from importlib.metadata import version

import pytest
from tests.deploy.chart import CHART, Chart, Manifest, Refused, containers
from tests.deploy.chart import helm as found_helm

pytestmark = pytest.mark.deploy

EVERYTHING = (
    "envoy.enabled=true",
    "envoy.tls.secretName=front",
    'envoy.origins=["https://example.org"]',
    "gpu.count=2",
    "models.image=registry.example/models:7",
    "tokens.secretName=tokens",
    "settings.max_message_bytes=33554432",
    "settings.batch_delay_ms=2.5",
    "service.clusterIP=true",
    "serviceMonitor.enabled=true",
    "autoscaling.enabled=true",
    "autoscaling.queueRequests=8",
    "image.pullSecrets[0]=robot",
    "placement.priorityClassName=high",
)
SHAPES = {
    "the defaults": (),
    "everything": EVERYTHING,
    "TLS": ("tls.secretName=tls", "tls.clientCertificates=true"),
    "a claim": ("models.claimName=models", "models.subPath=detectors/new"),
    "no limit of the processor": ("resources.limits.cpu=null",),
    "alone": ("replicas=1", "networkPolicy.enabled=false", "image.digest=sha256:" + "0" * 64),
}


@pytest.fixture(scope="session")
def chart() -> Chart:
    return Chart(found_helm())


@pytest.mark.parametrize("values", SHAPES.values(), ids=SHAPES)
def test_every_manifest_is_what_kubernetes_takes(chart: Chart, values: tuple[str, ...]) -> None:
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    chart.lint(*values)
    kinds = []
    for manifest in chart.render(*values).manifests:
        kinds.append(manifest["kind"])
        if manifest["kind"] != "ServiceMonitor":  # of the Prometheus operator
            kubernetes_validate.validate(manifest, "1.34.0", strict=True)
    assert {"Deployment", "Service", "PodDisruptionBudget", "ServiceAccount"} <= set(kinds)


@pytest.mark.parametrize("values", SHAPES.values(), ids=SHAPES)
def test_every_pod_keeps_to_the_restricted_security_standard(
    chart: Chart, values: tuple[str, ...]
) -> None:
    for pod in chart.render(*values).pods():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        for volume in spec.get("volumes", []):
            assert not {"hostPath"} & volume.keys()
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]


REFUSALS = {
    "replica=3": "additional properties 'replica' not allowed",
    "replicas=-1": "at '/replicas': minimum: got -1, want 0",
    "image.repository=": "image.repository is empty, and no image is published",
    "image.tag=a b": "at '/image/tag': 'a b' does not match",
    "image.digest=latest": "at '/image/digest': 'latest' does not match",
    "device=require:tpu": "at '/device': 'require:tpu' does not match",
    "settings.max_batch=-1": "at '/settings/max_batch': minimum: got -1, want 0",
    "settings.max_batsch=1": "at '/settings': additional properties 'max_batsch' not allowed",
    "settings.port=1": "at '/settings': additional properties 'port' not allowed",
    "settings.admin=true": "at '/settings': additional properties 'admin' not allowed",
    "resources.limits.cpu=two": "at '/resources/limits/cpu': 'two' does not match",
    "resources.limits.memory=1GB": "at '/resources/limits/memory': '1GB' does not match",
    "gpu.count=1.5": "at '/gpu/count': got number, want integer",
    "models.subPath=x": "at '/models/subPath': value must be ''",
    "tls.clientCertificates=true": "at '/tls/clientCertificates': value must be false",
    "drain.delaySeconds=0": "at '/drain/delaySeconds': minimum: got 0, want 1",
    "drain=null": "missing property 'drain'",
    "networkPolicy.clients=null": "missing property 'clients'",
    "networkPolicy.clients=[]": "at '/networkPolicy/clients': minItems: got 0, want 1",
    "networkPolicy.scrapers=[{}]": "at '/networkPolicy/scrapers/0': minProperties: got 0, want 1",
    "disruption.maxUnavailable=0": "at '/disruption/maxUnavailable'",
    "rollout.maxSurge=0": "rollout.maxSurge and rollout.maxUnavailable are both 0",
    "serviceMonitor.interval=often": "at '/serviceMonitor/interval': 'often' does not match",
    'envoy.origins=["*"]': "at '/envoy/origins/0': '*' does not match",
    "models.claimName=a,models.image=b": "at '/models/image': value must be ''",
    "autoscaling.enabled=true,autoscaling.minReplicas=11": "minReplicas is 11, over",
    "autoscaling.enabled=true,autoscaling.cpuPercent=0": "autoscaling has nothing to go by",
    "autoscaling.enabled=true,resources=null": "missing property 'resources'",
    "envoy.enabled=true,tls.secretName=a": "Leave tls.secretName empty",
}


@pytest.mark.parametrize(("value", "reason"), REFUSALS.items(), ids=REFUSALS)
def test_nonsense_is_refused_with_its_place_and_reason(
    chart: Chart, value: str, reason: str
) -> None:
    with pytest.raises(Refused) as caught:
        chart.render(value)
    assert reason in str(caught.value)


def matches(selector: Manifest, pod: Manifest) -> bool:
    return bool(selector.items() <= pod["metadata"]["labels"].items())


def test_selectors_find_the_pods_that_they_mean_and_no_others(chart: Chart) -> None:
    rendered = chart.render(*EVERYTHING)
    server, proxy = (
        rendered.the("Deployment", name)["spec"]["template"]
        for name in ("boxwright", "boxwright-envoy")
    )
    test = rendered.the("Pod", "boxwright-health")
    for kind in ("Service", "PodDisruptionBudget", "Deployment", "NetworkPolicy"):
        for name, meant in (("boxwright", server), ("boxwright-envoy", proxy)):
            spec = rendered.the(kind, name)["spec"]
            selector = spec.get("podSelector") or spec["selector"]
            labels = selector.get("matchLabels", selector)
            found = [pod for pod in (server, proxy, test) if matches(labels, pod)]
            assert found == [meant], (kind, name)
    monitor = rendered.the("ServiceMonitor")["spec"]["selector"]["matchLabels"]
    services = [each for each in rendered.manifests if each["kind"] == "Service"]
    assert [each["metadata"]["name"] for each in services if matches(monitor, each)] == [
        "boxwright"
    ]


def test_the_chart_is_of_the_version_that_it_runs() -> None:
    yaml = pytest.importorskip("yaml")
    told = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert told["appVersion"] == version("boxwright")


def test_two_releases_share_no_name(chart: Chart) -> None:
    one, other = (chart.render(*EVERYTHING, release=name) for name in ("people", "cells"))
    assert not {(each["kind"], each["metadata"]["name"]) for each in one.manifests} & {
        (each["kind"], each["metadata"]["name"]) for each in other.manifests
    }
    for pod in other.pods():
        assert not matches(one.the("Service", "people-boxwright")["spec"]["selector"], pod)

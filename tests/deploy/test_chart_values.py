"""Every value of the Helm chart has an effect."""

import functools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.deploy.chart import CHART, Chart
from tests.deploy.chart import helm as found_helm

pytestmark = pytest.mark.deploy

CONTEXT = {  # what must be on for a value to matter
    "autoscaling": "autoscaling.enabled=true",
    "envoy": "envoy.enabled=true",
    "gpu.resource": "gpu.count=1",
    "models.subPath": "models.claimName=claim",
    "models.imagePath": "models.image=models:1",
    "models.sizeLimit": "models.image=models:1",
    "serviceMonitor": "serviceMonitor.enabled=true",
    "tls.clientCertificates": "tls.secretName=tls",
}
OTHERS: dict[str, Any] = {  # where no other value can be told from the default
    "autoscaling.queueRequests": 8,
    "device": "prefer:cuda",
    "drain.delaySeconds": 9,
    "envoy.clients": [{"podSelector": {"matchLabels": {"app": "web"}}}],
    "envoy.origins": ["https://example.org"],
    "gpu.resource": "amd.com/gpu",
    "image.digest": "sha256:" + "1" * 64,
    "image.pullPolicy": "Always",
    "image.pullSecrets": ["robot"],
    "models.imagePath": "/elsewhere",
    "networkPolicy.clients": [{"namespaceSelector": {}}],
    "networkPolicy.scrapers": [{"podSelector": {}}],
    "placement.affinity": {"podAntiAffinity": {}},
    "placement.nodeSelector": {"disk": "fast"},
    "placement.spreadOver": [],
    "placement.tolerations": [{"key": "gpu", "operator": "Exists"}],
    "serviceMonitor.interval": "1m",
    "serviceMonitor.labels": {"release": "prometheus"},
}


def leaves(values: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Find every value that can be set, with its default."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def another(path: str, default: Any) -> Any:
    if path in OTHERS:
        return OTHERS[path]
    if isinstance(default, bool):
        return not default
    if isinstance(default, int):
        return default + 2
    number = default.rstrip("GMim")
    return f"{int(number) + 1}{default[len(number) :]}" if number.isdecimal() else f"{default}x"


def test_every_value_changes_what_is_rendered() -> None:
    yaml = pytest.importorskip("yaml")
    chart = Chart(found_helm())
    defaults = dict(leaves(yaml.safe_load((CHART / "values.yaml").read_text())))
    assert OTHERS.keys() <= defaults.keys()
    render = functools.cache(chart.render)
    idle = []
    for path, default in defaults.items():
        fitting = (part for part in (path, path.split(".")[0]) if part in CONTEXT)
        context = [CONTEXT[part] for part in fitting if not CONTEXT[part].startswith(f"{path}=")]
        value = json.dumps(another(path, default))
        if render(*context, f"{path}={value}") == render(*context):
            idle.append(path)
    assert idle == []


def test_the_notes_tell_the_call_to_try() -> None:
    chart = Chart(found_helm())
    assert "boxwright detect photo.jpg --server 127.0.0.1:50051" in chart.notes()
    assert "Calls are in plain text" in chart.notes()
    assert "--ca ca.crt" in chart.notes("tls.secretName=tls")
    secured = chart.notes("envoy.enabled=true", "envoy.tls.secretName=front")
    assert "curl --cacert ca.crt https://127.0.0.1:8080/v1/models" in secured


def test_autoscaling_by_the_queue_goes_by_a_metric_that_the_server_has() -> None:
    yaml = pytest.importorskip("yaml")
    scaler = Chart(found_helm()).render("autoscaling.enabled=true", "autoscaling.queueRequests=8")
    metrics = scaler.the("HorizontalPodAutoscaler")["spec"]["metrics"]
    (name,) = (each["pods"]["metric"]["name"] for each in metrics if each["type"] == "Pods")
    (rule,) = yaml.safe_load((CHART.parent / "prometheus-adapter.yaml").read_text())["rules"][
        "custom"
    ]
    assert rule["name"]["as"] == name
    assert rule["seriesQuery"].startswith(f"{name}{{")
    assert f"| `{name}` | gauge |" in (CHART.parents[2] / "docs/metrics.md").read_text()

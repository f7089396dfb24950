"""The rules of deploy/prometheus and the dashboard of deploy/grafana, by Prometheus itself."""

import re
import subprocess
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.deploy.dashboard import board, panels
from tests.deploy.prometheus import FOLDER, Prometheus, metrics_of, program, prometheus
from tests.telemetry.observed import Observed, observe
from tests.telemetry.test_metrics import request

from boxwright.settings import Settings
from boxwright.telemetry.metrics import Loss

pytestmark = pytest.mark.deploy

ROOT = FOLDER.parents[1]
Watched = tuple[Observed, Prometheus]
VARIABLES = {"$__rate_interval": "10s", "$job": "boxwright", "$instance": ".*", "$model": ".*"}
EMPTY_ON_A_GOOD_DAY = ("boxwright_lost_requests", "boxwright_certificate", "INTERNAL", "changes(")
"""What names series that only trouble, or TLS, brings about; or two looks at a start."""


def rules(file: str) -> list[dict[str, Any]]:
    yaml = pytest.importorskip("yaml")
    groups = yaml.safe_load((FOLDER / file).read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def drawn() -> list[str]:
    """Return every expression of the dashboard, with its variables filled in."""
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    found += [each["expr"] for each in board()["annotations"]["list"]]
    for name, value in VARIABLES.items():
        found = [each.replace(name, value) for each in found]
    return found


@pytest.fixture(scope="module")
def watched(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A server that answered a call, and the Prometheus that reads it."""
    with (
        observe(settings) as server,
        prometheus(tmp_path_factory.mktemp("prometheus"), [server.metrics]) as watching,
    ):
        watching.until("up", 1)
        for answered in (1, 20):  # what Prometheus has seen once can grow
            for _ in range(answered):
                server.detection.Detect(request())
            watching.until('boxwright_stage_seconds_count{stage="total"}', answered)
        watching.until("count_over_time(up[10s])", 3)
        yield server, watching


@pytest.mark.parametrize(
    "check",
    [
        "check rules recording.yaml alerts.yaml",
        "check config prometheus.yml",
        "test rules rules.test.yaml",
    ],
)
def test_promtool_finds_nothing_wrong(check: str) -> None:
    ran = subprocess.run(
        [program("promtool"), *check.split()],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_alert_fires_in_a_test() -> None:
    tests = (FOLDER / "rules.test.yaml").read_text()
    fired = set(re.findall(r'alertname="(\w+)", alertstate="firing"', tests))
    fired |= set(re.findall(r"alertname: (\w+)", tests))
    assert fired == {rule["alert"] for rule in rules("alerts.yaml")}


def test_every_alert_tells_what_it_means_and_where_to_read_on() -> None:
    for rule in rules("alerts.yaml"):
        told = rule["annotations"]
        assert set(told) == {"summary", "description", "runbook"}, rule["alert"]
        assert told["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"warning", "critical"}


def test_the_guide_has_a_heading_for_every_alert_and_no_other() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text()
    headings = re.findall(r"^#+ (Boxwright\w+)$", guide, re.MULTILINE)
    assert sorted(headings) == sorted({rule["alert"] for rule in rules("alerts.yaml")})


def test_every_way_to_lose_a_request_but_the_callers_own_raises_an_alert() -> None:
    asked = " ".join(rule["expr"] for rule in rules("alerts.yaml"))
    told = {why for each in re.findall(r'why=~?"([a-z|]+)"', asked) for why in each.split("|")}
    assert told == set(get_args(Loss)) - {"cancelled"}


def test_a_slow_start_is_told_of_before_the_chart_ends_it() -> None:
    yaml = pytest.importorskip("yaml")
    chart = yaml.safe_load((ROOT / "deploy/helm/boxwright/values.yaml").read_text())
    (alert,) = (each for each in rules("alerts.yaml") if each["alert"] == "BoxwrightNotServing")
    assert int(alert["for"].removesuffix("m")) * 60 < chart["startup"]["seconds"]
    assert f"for {alert['for'].removesuffix('m')} minutes" in alert["annotations"]["description"]


def test_what_a_server_exports_is_named_as_prometheus_advises(watched: Watched) -> None:
    server, _ = watched
    _, text = server.get()
    ran = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_rules_and_dashboard_name_only_metrics_that_a_server_exports(watched: Watched) -> None:
    server, _ = watched
    _, text = server.get()
    exported = set()
    for family in text_string_to_metric_families(text):
        exported |= {family.name, *(sample.name for sample in family.samples)}
        if family.type == "counter":
            exported.add(family.name + "_total")
    asked = [rule["expr"] for file in ("recording.yaml", "alerts.yaml") for rule in rules(file)]
    assert metrics_of(drawn()) | metrics_of(asked) <= exported


def test_prometheus_reads_a_server_and_works_out_the_rules(watched: Watched) -> None:
    _, watching = watched
    (target,) = watching.asked("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    (counted,) = watching.query('boxwright_stage_seconds_count{model="bright", stage="total"}')
    assert counted["value"][1] == "21"
    watching.until('job_model_stage:boxwright_stage_seconds:p99_5m{stage="total"}', 0.0001)
    loaded = [rule for group in watching.asked("rules")["groups"] for rule in group["rules"]]
    assert len(loaded) == len(rules("recording.yaml")) + len(rules("alerts.yaml"))
    assert {(rule["health"], rule.get("lastError")) for rule in loaded} == {("ok", None)}


def test_a_model_that_cannot_be_served_raises_its_alert(watched: Watched) -> None:
    _, watching = watched
    watching.until('ALERTS{alertname="BoxwrightModelsUnserved", alertstate="pending"}', 1)
    (alert,) = watching.asked("alerts")["alerts"]
    assert alert["annotations"]["summary"].startswith(
        "1 models on disk are not served at 127.0.0.1"
    )


@pytest.mark.parametrize("expression", drawn())
def test_every_panel_shows_something(watched: Watched, expression: str) -> None:
    _, watching = watched
    found = [each["value"][1] for each in watching.query(expression)]
    assert set(found) - {"NaN"} or any(name in expression for name in EMPTY_ON_A_GOOD_DAY)

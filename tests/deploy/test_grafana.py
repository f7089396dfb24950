"""deploy/grafana: the dashboard is one that Grafana can read, and its panels are in order."""

import json
import os
import shutil
import subprocess
from itertools import combinations
from pathlib import Path

import pytest
from tests.deploy.dashboard import FILE, board, panels

pytestmark = pytest.mark.deploy

SDK = "grafana-foundation-sdk"


def lost(dashboard: str) -> list[str]:
    """Return what Grafana's SDK does not know of it; skips where the SDK cannot be had."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        pytest.skip(f"uv, which can fetch {SDK}, is not there. Install it, and run this again.")
    script = str(Path(__file__).with_name("grafana_losses.py"))
    command = [uv, "run", "--no-project", "--python", "3.11", "--with", SDK, "python", script]
    done = subprocess.run(command, input=dashboard, capture_output=True, text=True, check=False)
    if "Failed to fetch" in done.stderr:
        pytest.skip(f"{SDK} cannot be fetched: give uv a package index that has it.")
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def test_grafanas_own_types_know_every_field() -> None:
    assert lost(FILE.read_text()) == []


def test_a_field_that_grafana_does_not_know_is_noticed() -> None:
    spoilt = board()
    spoilt["panels"][1]["targets"][0]["exper"] = "up"
    assert lost(json.dumps(spoilt)) == [".panels[1].targets[0].exper: up"]


def test_it_is_provisioned_from_where_compose_puts_it() -> None:
    yaml = pytest.importorskip("yaml")
    compose = yaml.safe_load((FILE.parents[1] / "compose" / "compose.yaml").read_text())
    mounted = [each.split(":") for each in compose["services"]["grafana"]["volumes"]]
    places = {Path(own).name: Path(there) for own, there, *_ in mounted}
    (provider,) = yaml.safe_load(FILE.with_name("dashboards.yaml").read_text())["providers"]
    assert places["boxwright.json"].parent == Path(provider["options"]["path"])
    (source,) = yaml.safe_load(FILE.with_name("datasource.yaml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert "prometheus" in compose["services"]


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    everything = board()["panels"]
    assert len({each["id"] for each in everything}) == len(everything)
    places = [each["gridPos"] for each in everything]
    assert all(each["x"] + each["w"] <= 24 for each in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)


def test_every_panel_has_a_unit_and_asks_the_chosen_prometheus() -> None:
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    for panel in panels():
        assert panel["datasource"] == chosen, panel["title"]
        assert all(target["datasource"] == chosen for target in panel["targets"])
        if panel["type"] not in {"table", "heatmap"}:
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
    names = [each["name"] for each in board()["templating"]["list"]]
    assert names == ["datasource", "job", "instance", "model"]

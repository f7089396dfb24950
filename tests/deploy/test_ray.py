"""Ray Serve on a cluster of two nodes, deployed by the file that ships, asked and hurt."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from threading import Event
from typing import Any

import grpc
import pytest
from tests.deploy.calling import CALLERS, load
from tests.deploy.envoys import envoy_before
from tests.deploy.ray_cluster import GRPC, needed
from tests.deploy.ray_serving import Serving, serving, until
from tests.deploy.test_envoy_tls import put
from tests.open_inference.conftest import run
from tests.open_inference.test_statuses import REFUSALS
from tests.ray_serve.asking import BAD, PHOTO, PICTURE, Ending, ending
from tests.security.conftest import Authority

from boxwright.client import Client, Credentials, Result
from boxwright.ports import Address
from boxwright.security.tokens import new_token
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.detection_pb2 import DetectRequest
from boxwright_contract.errors import BadImage, DeadlinePassed, NotAllowed, Unidentified

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

SLOW = DetectRequest(model="slow", encoded=PHOTO).SerializeToString()
DETECT = "/boxwright.v1.DetectionService/Detect"


@pytest.fixture(scope="module")
def folder(
    models: Path, make_bundle: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder of models, one of which takes its time."""
    copied = tmp_path_factory.mktemp("ray") / "models"
    copytree(models, copied)
    make_bundle(copied / "slow" / "1", multiplications=60)
    return copied


@pytest.fixture(scope="module")
def alike(settings: Settings, folder: Path) -> Settings:
    """The settings of a replica, for a server of its own."""
    return replace(settings, models=folder, threads=1, max_requests=8, warm_up_s=0)


@pytest.fixture(scope="module")
def served(alike: Settings) -> Iterator[Serving]:
    needed()
    names = ("device", "warm_up_s", "max_pixels", "max_message_bytes", "max_requests")
    told = {f"BOXWRIGHT_{name.upper()}": str(getattr(alike, name)) for name in names}
    with serving(alike.models, **told) as its:
        yield its


@pytest.fixture(scope="module")
def plain(alike: Settings) -> Iterator[Address]:
    with serve_in_background(alike) as address:
        yield address


def test_our_client_is_answered_by_every_node(served: Serving) -> None:
    for node in served.cluster.nodes:
        with Client(node.address) as client:
            assert client.ready()
            assert len(client.detect(PICTURE, model="bright").detections) == 3
            assert {each.model for each in client.models()} == {"bright", "altered", "slow"}
            assert client.describe_model("bright").levels[0].name == "C0"
            images = [PHOTO] * 5 + [PHOTO[:40]] + [PHOTO] * 5
            frames = list(client.detect_stream(images, model="bright"))
            assert [frame.index for frame in frames] == list(range(11))
            assert [isinstance(frame.outcome, BadImage) for frame in frames] == [
                index == 5 for index in range(11)
            ]
            with pytest.raises(NotAllowed):
                client.unload_model("bright")


def test_a_refusal_is_that_of_a_server_to_the_last_detail(served: Serving, plain: Address) -> None:
    with (
        grpc.insecure_channel(served.cluster.nodes[1].address) as cluster,
        grpc.insecure_channel(str(plain)) as server,
    ):
        for what, (path, request) in BAD.items():
            assert ending(cluster, path, request) == ending(server, path, request), what
        watch: Any = cluster.unary_stream("/grpc.health.v1.Health/Watch")
        assert watch(b"").code() is grpc.StatusCode.UNIMPLEMENTED


def test_tritonclient_is_told_what_a_server_tells(served: Serving, plain: Address) -> None:
    where = (served.cluster.nodes[0].address, str(plain))
    told = json.loads(run("-m", "tests.open_inference.triton_checks.each", *where))
    cluster, server = told.values()
    compared = {"padded", "ragged", *(REFUSALS.keys() & server.keys())}
    assert len(compared) > 20
    for check in compared:
        assert cluster[check] == server[check], check


def test_envoy_ends_tls_before_the_cluster(served: Serving, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    put(authority.signed("front"), tmp_path / "certificates")
    nodes = [Address(node.ip, GRPC) for node in served.cluster.nodes]
    with (
        envoy_before(tmp_path, nodes, file="tls.yaml") as envoy,
        Client(envoy.address, credentials=Credentials(ca=authority.certificate)) as client,
    ):
        assert len(client.detect(PHOTO, model="bright").detections) == 3


def test_too_many_at_once_are_refused_with_the_time_to_come_back(served: Serving) -> None:
    with (
        grpc.insecure_channel(served.cluster.nodes[0].address) as channel,
        ThreadPoolExecutor(40) as pool,
    ):

        def ask(_: int) -> Ending:
            return ending(channel, DETECT, SLOW)

        endings = list(pool.map(ask, range(40)))
    refused = [each for each in endings if each.code != "OK"]
    assert refused
    assert {each.code for each in refused} == {"RESOURCE_EXHAUSTED"}
    assert all("8 requests are waiting or in work" in each.message for each in refused)
    assert all(int(each.pushback[0]) > 0 for each in refused)
    assert all("RetryInfo" in str(each.details) for each in refused)


def test_what_nobody_waits_for_is_not_done(served: Serving) -> None:
    with Client(served.cluster.nodes[0].address, timeout_s=0.3, retries=0) as client:

        def ask(_: int) -> None:
            with pytest.raises(DeadlinePassed):
                client.detect(PHOTO, model="slow")

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(ask, range(6)))
    until(lambda: 'boxwright_lost_requests_total{model="slow",why="cancelled"}' in served.metrics())


def test_a_new_version_is_rolled_out_with_no_failed_call_and_no_image_lost(
    served: Serving,
) -> None:
    before, address = served.replicas(), served.cluster.nodes[0].address
    served.variables["BOXWRIGHT_MAX_BATCH"] = "2"
    rolled = Event()

    def images() -> Iterator[bytes]:
        while not rolled.wait(0.1):
            yield PHOTO

    with load(address) as calls, Client(address) as client, ThreadPoolExecutor(1) as pool:
        stream = pool.submit(lambda: list(client.detect_stream(images(), model="bright")))
        try:
            served.deploy()
            until(lambda: not before & served.replicas() and len(served.replicas()) == 2)
            calls.goes_on()
        finally:
            rolled.set()
        frames = stream.result()
    assert set(calls.codes) == {"OK"}, calls.codes
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert {type(frame.outcome) for frame in frames} == {Result}


def test_replicas_go_and_come_as_there_is_to_do(served: Serving) -> None:
    steady = served.autoscaling
    served.autoscaling = steady | {
        "min_replicas": 1,
        "target_ongoing_requests": 1,
        "metrics_interval_s": 1,
        "look_back_period_s": 2,
        "upscale_delay_s": 1,
        "downscale_delay_s": 2,
    }
    served.deploy()
    until(lambda: len(served.replicas()) == 1)
    with load(served.cluster.nodes[0].address) as calls:
        until(lambda: len(served.replicas()) == 2)
        calls.goes_on()
    assert set(calls.codes) == {"OK"}, calls.codes
    served.autoscaling = steady


def test_tokens_are_wanted_behind_serve_too(served: Serving, tmp_path: Path) -> None:
    secret, token = new_token("looker", ["catalog"])
    (tmp_path / "tokens.toml").write_text(token.toml())
    served.variables["BOXWRIGHT_TOKENS"] = str(tmp_path / "tokens.toml")
    served.deploy()
    address = served.cluster.nodes[0].address
    try:
        with Client(address) as client, pytest.raises(Unidentified):
            client.models()
        with Client(address, credentials=Credentials(token=secret)) as client:
            assert client.models()
            with pytest.raises(NotAllowed, match="'looker' may catalog"):
                client.detect(PHOTO)
    finally:
        del served.variables["BOXWRIGHT_TOKENS"]
        served.deploy()
        until(lambda: all(len(node.replicas()) == 1 for node in served.cluster.nodes))


@pytest.mark.parametrize("lost", ["replica", "node"])
def test_the_loss_of_a_replica_or_a_node_costs_only_the_calls_that_it_was_answering(
    lost: str, served: Serving
) -> None:
    stays, goes = served.cluster.nodes
    with (
        load(stays.address) as calls,
        Client(stays.address) as client,
        ThreadPoolExecutor(1) as pool,
    ):

        def ask() -> int:
            return sum(len(client.detect(PHOTO, model="bright").detections) for _ in range(200))

        asking = pool.submit(ask)
        calls.goes_on()
        if lost == "node":
            goes.die()
        else:
            (pid,) = goes.replicas()
            os.kill(pid, signal.SIGKILL)
        calls.goes_on(200)
        assert asking.result() == 600  # asked again where that is safe
    failed = {code: count for code, count in calls.codes.items() if code != "OK"}
    assert set(failed) <= {"UNAVAILABLE"}
    assert sum(failed.values()) <= 2 * CALLERS, calls.codes
    if lost == "replica":
        until(lambda: len(served.replicas()) == 2)

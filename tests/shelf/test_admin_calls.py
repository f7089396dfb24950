"""Calls that change what is served: where they are allowed, and what they tell."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import grpc
import numpy as np
import pytest

from boxwright.client import Client
from boxwright.v1 import admin_pb2 as pb
from boxwright.v1.admin_pb2_grpc import AdminServiceStub
from boxwright_contract import card
from boxwright_contract.errors import CannotChange, NotAllowed, UnknownName

Put = Callable[..., Path]
Serve = Callable[..., AbstractContextManager[Client]]

IMAGE = np.zeros((64, 64, 3), np.uint8)


def test_no_call_changes_anything_unless_the_operator_allows_it(put: Put, serve: Serve) -> None:
    put("bright/1")
    with serve() as client:
        for call in (
            lambda: client.load_model("bright"),
            lambda: client.unload_model("bright"),
            lambda: client.set_alias("bright", "stable", "1"),
            lambda: client.remove_alias("bright", "stable"),
        ):
            with pytest.raises(NotAllowed, match=r"Start it with --admin \(BOXWRIGHT_ADMIN=on\)"):
                call()
        assert client.detect(IMAGE).version == "1"


def test_the_statuses_are_those_of_the_proto(put: Put, serve: Serve) -> None:
    put("bright/1")
    (put("bad/1") / card.GRAPH_FILE).write_bytes(b"altered")
    with serve(watch_s=0) as off, grpc.insecure_channel(off.address) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            AdminServiceStub(channel).UnloadModel(pb.UnloadModelRequest(model="bright"))
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    with serve(watch_s=0, admin=True) as on, grpc.insecure_channel(on.address) as channel:
        admin = AdminServiceStub(channel)
        for call, code in (
            (lambda: admin.LoadModel(pb.LoadModelRequest()), "INVALID_ARGUMENT"),
            (lambda: admin.LoadModel(pb.LoadModelRequest(model="none")), "NOT_FOUND"),
            (lambda: admin.LoadModel(pb.LoadModelRequest(model="bad")), "FAILED_PRECONDITION"),
            (lambda: admin.UnloadModel(pb.UnloadModelRequest(model="bad")), "NOT_FOUND"),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                call()
            assert caught.value.code() is grpc.StatusCode[code]


def test_a_model_is_loaded_by_a_call_where_nobody_watches(put: Put, serve: Serve) -> None:
    put("bright/1")
    with serve(watch_s=0, admin=True) as client:
        put("bright/2")
        with pytest.raises(UnknownName, match="named '2'"):
            client.detect(IMAGE, version="2")
        assert client.load_model("bright", "2") == ("2", "1")
        assert client.detect(IMAGE).version == "2"
        put("dark/7")
        assert client.load_model("dark") == ("7",)


def test_a_model_that_cannot_be_loaded_is_refused_with_the_reason_and_what_is_served(
    put: Put, serve: Serve
) -> None:
    put("bright/1")
    with serve(watch_s=0, admin=True) as client:
        graph = put("bright/2") / card.GRAPH_FILE
        graph.write_bytes(b"altered")
        with pytest.raises(CannotChange, match=r"bright/2: .* altered.* of 'bright' now: 1\."):
            client.load_model("bright")
        (bad,) = (each for each in client.models() if each.problem)
        assert (bad.model, bad.version) == ("bright", "2")
        assert client.detect(IMAGE).version == "1"


def test_an_unloaded_version_stays_out_until_a_call_brings_it_back(
    put: Put, serve: Serve, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    put("bright/1")
    put("bright/2")
    with serve(admin=True) as client:
        assert client.unload_model("bright", "2") == ("1",)
        put("bright/2", min_score=0.5)
        put("dark/1")
        wait_until(lambda: ("dark", "") in {(m.model, m.problem) for m in client.models()})
        assert client.detect(IMAGE, model="bright").version == "1"
        with pytest.raises(UnknownName, match=r"bright/2 .* unloaded by a call\. `boxwright admin"):
            client.detect(IMAGE, model="bright", version="2")
        assert client.load_model("bright", "2") == ("2", "1")
        assert client.model("bright").min_score == 0.5


def test_a_server_without_its_last_model_stays_up_and_says_so(put: Put, serve: Serve) -> None:
    put("bright/1")
    with serve(admin=True) as client:
        assert client.unload_model("bright") == ()
        assert client.ready()
        with pytest.raises(UnknownName, match="this server serves no model now"):
            client.detect(IMAGE)
        with pytest.raises(UnknownName, match="bright/1 is there but not served: it was unloaded"):
            client.detect(IMAGE, model="bright")
        assert client.load_model("bright") == ("1",)
        assert client.detect(IMAGE).version == "1"


def test_aliases_are_set_and_listed_and_asked_for_by_clients(put: Put, serve: Serve) -> None:
    put("bright/1")
    put("bright/2")
    with serve(admin=True) as client:
        client.set_alias("bright", "stable", "1")
        assert client.detect(IMAGE, version="stable").version == "1"
        assert client.model("bright", "stable").summary.aliases == ("stable",)
        assert {each.version: each.aliases for each in client.models()} == {
            "1": ("stable",),
            "2": (),
        }
        client.remove_alias("bright", "stable")
        with pytest.raises(UnknownName, match="stable"):
            client.detect(IMAGE, version="stable")

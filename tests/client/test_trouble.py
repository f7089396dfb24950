"""The client where servers are absent, strange, slow, full or leaving."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import grpc
import numpy as np
import pytest

from boxwright.client import Client
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_contract.errors import (
    BoxwrightError,
    DeadlinePassed,
    Overloaded,
    ServerFailed,
    Unreachable,
)

BLACK = np.zeros((32, 32, 3), np.uint8)
NOBODY = "127.0.0.1:1"


def test_where_no_server_answers_the_address_and_the_cure_are_told() -> None:
    with Client(NOBODY) as client, pytest.raises(Unreachable) as caught:
        client.detect(BLACK)
    assert f"no server answers at {NOBODY}" in str(caught.value)
    assert "Start one with `boxwright serve`" in str(caught.value)


def test_where_no_server_answers_nothing_is_ready() -> None:
    with Client(NOBODY) as client:
        assert not client.ready()


def test_a_server_of_another_kind_is_told_apart() -> None:
    stranger = grpc.server(ThreadPoolExecutor(1))
    port = stranger.add_insecure_port("127.0.0.1:0")
    stranger.start()
    with Client(f"127.0.0.1:{port}") as client, pytest.raises(Unreachable, match="not this Boxwr"):
        client.models()
    stranger.stop(0).wait()


def test_a_server_that_fails_inside_is_told_apart() -> None:
    def fail(request: object, context: object) -> NoReturn:
        raise ArithmeticError("nine is not ten")

    methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "ListModels": grpc.unary_unary_rpc_method_handler(fail)
    }
    service = grpc.method_handlers_generic_handler("boxwright.v1.CatalogService", methods)
    failing = grpc.server(ThreadPoolExecutor(1))
    failing.add_generic_rpc_handlers((service,))
    port = failing.add_insecure_port("127.0.0.1:0")
    failing.start()
    with Client(f"127.0.0.1:{port}") as client, pytest.raises(ServerFailed, match="See its log"):
        client.models()
    failing.stop(0).wait()


@pytest.fixture(scope="module")
def slow(
    settings: Settings, make_bundle: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Settings of a server with one place, whose model takes a good while."""
    folder = tmp_path_factory.mktemp("slow")
    make_bundle(folder / "slow" / "1", multiplications=30)
    return replace(settings, models=folder, max_requests=1)


@contextmanager
def client_of(settings: Settings, timeout_s: float = 60) -> Iterator[Client]:
    with (
        serve_in_background(settings) as address,
        Client(str(address), timeout_s=timeout_s, retries=0) as it,
    ):
        yield it


def test_an_answer_that_takes_too_long_is_given_up(slow: Settings) -> None:
    with client_of(slow, timeout_s=0.05) as client, pytest.raises(DeadlinePassed, match=r"0\.05 s"):
        client.detect(BLACK)


def test_a_full_server_says_when_to_try_again(slow: Settings) -> None:
    def ask(client: Client) -> BoxwrightError | None:
        try:
            client.detect(BLACK)
        except BoxwrightError as error:
            return error
        return None

    with client_of(slow) as client, ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(ask, [client] * 4))
    refused = [error for error in outcomes if error is not None]
    assert 0 < len(refused) < 4
    for error in refused:
        assert isinstance(error, Overloaded)
        assert error.retry_after_ms > 0


def test_no_call_fails_when_one_of_two_servers_leaves(settings: Settings) -> None:
    with serve_in_background(settings) as stays:
        with serve_in_background(settings) as leaves:
            client = Client(f"ipv4:{stays},{leaves}")
            for _ in range(10):
                client.detect(BLACK)
            stopping = time.monotonic()
        assert time.monotonic() - stopping < settings.drain_grace_s / 2
        for _ in range(20):
            client.detect(BLACK)
        client.close()

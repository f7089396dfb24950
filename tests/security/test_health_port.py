"""The port for health alone: plain text, whatever else the server wants."""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from boxwright.client import Client, Credentials
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_contract.errors import BadSettings, Unreachable

if TYPE_CHECKING:
    from tests.security.conftest import Pair


@pytest.fixture
def port() -> int:
    """A port that was free just now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_health_is_told_in_plain_text_beside_tls_and_tokens_and_nothing_else_is(
    settings: Settings, pair: "Pair", port: int, tmp_path: Path
) -> None:
    tokens = tmp_path / "tokens.toml"
    tokens.touch()
    chosen = replace(
        settings,
        tls_certificate=pair.certificate,
        tls_key=pair.key,
        tokens=tokens,
        health_port=port,
    )
    with (
        serve_in_background(chosen),
        Client(f"127.0.0.1:{port}", credentials=Credentials()) as client,
    ):
        assert client.ready()
        with pytest.raises(Unreachable, match="is not this Boxwright"):
            client.models()


def test_the_health_port_tells_that_the_server_drains(settings: Settings, port: int) -> None:
    with serve_in_background(replace(settings, health_port=port, drain_delay_s=0.3)):
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        health: Any = HealthStub(channel)
        watch = health.Watch(HealthCheckRequest())
        assert next(watch).status == HealthCheckResponse.SERVING
    with channel:
        assert next(watch).status == HealthCheckResponse.NOT_SERVING


def test_the_health_port_answers_while_models_are_loaded(
    settings: Settings, port: int, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    make_bundle(tmp_path / "slow" / "1", multiplications=5)
    told: list[int] = []
    slow = replace(settings, models=tmp_path, health_port=port, warm_up_s=2)
    with ThreadPoolExecutor(1) as pool, grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        health: Any = HealthStub(channel)
        server = serve_in_background(slow)
        starting = pool.submit(server.__enter__)
        try:
            while not told or told[-1] != HealthCheckResponse.SERVING:
                request = HealthCheckRequest()
                told.append(health.Check(request, wait_for_ready=True, timeout=20).status)
        finally:
            starting.result()
            server.__exit__(None, None, None)
    assert told[0] == HealthCheckResponse.NOT_SERVING


def test_a_health_port_in_use_is_refused(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taken = listening.getsockname()[1]
        chosen = replace(settings, health_port=taken)
        with (
            pytest.raises(BadSettings, match=r"BOXWRIGHT_HEALTH_PORT \(--health-port\)"),
            serve_in_background(chosen),
        ):
            pass

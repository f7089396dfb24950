"""The settings of a replica, and the ports of its metrics."""

import urllib.request
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from tests.telemetry.observed import free_port

from boxwright.ray_serve.app import app
from boxwright.ray_serve.told import INSTEAD, metrics_beside_others, replica_settings
from boxwright.settings import Settings, variable
from boxwright.telemetry.metrics import Metrics
from boxwright_contract.errors import BadSettings


def test_a_replica_has_as_many_threads_as_ray_gave_it_cores() -> None:
    assert replica_settings({}, 4.0).threads == 4
    assert replica_settings({}, 0.5).threads == 1
    assert replica_settings({"BOXWRIGHT_THREADS": "3"}, 4.0).threads == 3


@pytest.mark.parametrize("name", INSTEAD)
def test_what_serve_does_itself_cannot_be_set(name: str) -> None:
    with pytest.raises(BadSettings, match=f"{variable(name)} has no effect .* take the variable"):
        replica_settings({variable(name): "1"}, 1)


def test_arguments_would_be_without_effect() -> None:
    with pytest.raises(BadSettings, match="args models, and takes none"):
        app({"models": "/models"})


def test_the_metrics_of_each_replica_have_a_port_of_their_own(models: Path) -> None:
    first = free_port()
    settings = Settings(models=models, metrics_port=first)
    with ExitStack() as until_closed:
        for _ in range(2):
            until_closed.enter_context(metrics_beside_others(Metrics(), settings))
        for port in (first, first + 1):
            told = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read()
            assert b"boxwright_build_info" in told


def test_metrics_can_be_off(models: Path) -> None:
    with metrics_beside_others(Metrics(), replace(Settings(models=models), metrics=False)):
        pass

"""The doctor and the server agree about what would not serve."""

import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from boxwright.doctor.check import checked
from boxwright.doctor.examination import QUICK
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_contract.errors import BadSettings

if TYPE_CHECKING:
    from tests.doctor.conftest import Sign

Change = Callable[["Sign", Path, int], dict[str, Any]]
"""Certificates, a folder, a taken port -> what is changed in good settings."""


def tokens(folder: Path, text: str) -> Path:
    file = folder / "tokens.toml"
    file.write_text(text)
    return file


def key_of_another(sign: "Sign", folder: Path, port: int) -> dict[str, Any]:
    return {"tls_certificate": sign("one").certificate, "tls_key": sign("other").key}


def own_key(sign: "Sign", folder: Path, port: int) -> dict[str, Any]:
    pair = sign("own")
    return {"tls_certificate": pair.certificate, "tls_key": pair.key}


WRONG: dict[str, Change] = {
    "taken_port": lambda sign, folder, port: {"port": port},
    "taken_health_port": lambda sign, folder, port: {"health_port": port},
    "taken_metrics_port": lambda sign, folder, port: {"metrics": True, "metrics_port": port},
    "foreign_host": lambda sign, folder, port: {"host": "192.0.2.1"},
    "no_models": lambda sign, folder, port: {"models": folder},
    "no_such_device": lambda sign, folder, port: {"device": "require:tensorrt"},
    "no_such_precision": lambda sign, folder, port: {"device": "cpu", "precision": "bfloat16"},
    "bad_tokens": lambda sign, folder, port: {"tokens": tokens(folder, "token = 1")},
    "key_of_another": key_of_another,
    "no_key": lambda sign, folder, port: {"tls_certificate": sign("alone").certificate},
}
RIGHT: dict[str, Change] = {
    "plain": lambda sign, folder, port: {},
    "no_tokens_in_the_file": lambda sign, folder, port: {"tokens": tokens(folder, "")},
    "preferred_device": lambda sign, folder, port: {"device": "prefer:tensorrt"},
    "unoffered_precision": lambda sign, folder, port: {"device": "cpu", "precision": "int8"},
    "tls": own_key,
}


@pytest.mark.parametrize("name", [*WRONG, *RIGHT])
def test_the_doctor_finds_a_problem_where_the_server_does_not_start(
    name: str, models: Path, sign: "Sign", tmp_path: Path
) -> None:
    good = Settings(models=models, port=0, metrics=False, warm_up_s=0, drain_delay_s=0, threads=1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        change = (WRONG | RIGHT)[name](sign, tmp_path, taken.getsockname()[1])
        settings = replace(good, **change)
        findings = [each for check in QUICK for each in checked(check, settings).findings]
        problems = [each.what for each in findings if each.level == "problem"]
        try:
            with serve_in_background(settings):
                serves = True
        except BadSettings:
            serves = False
    assert serves == (name in RIGHT)
    assert len(problems) == (not serves), problems

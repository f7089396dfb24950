"""Settings: the environment first, options over it, and a wrong value says what is right."""

from dataclasses import fields
from pathlib import Path

import pytest

from boxwright.settings import Settings, meaning, variable
from boxwright_contract.errors import BadSettings


def settings(tmp_path: Path, environ: dict[str, str], **options: str | float | None) -> Settings:
    return Settings.read({"BOXWRIGHT_MODELS": str(tmp_path), **environ}, **options)


def test_the_server_listens_on_loopback_unless_told_otherwise(tmp_path: Path) -> None:
    assert settings(tmp_path, {}).host == "127.0.0.1"


def test_the_environment_counts_and_options_count_more(tmp_path: Path) -> None:
    environ = {"BOXWRIGHT_PORT": "7000", "BOXWRIGHT_DRAIN_GRACE_S": "2.5"}
    chosen = settings(tmp_path, environ, port=8000, device=None)
    assert (chosen.port, chosen.drain_grace_s, chosen.device) == (8000, 2.5, "auto")
    assert chosen.models == tmp_path


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("port", "http", "a whole number from 0 to 65535"),
        ("port", "65536", "a whole number from 0 to 65535"),
        ("port", "-1", "a whole number from 0 to 65535"),
        ("max_batch", "-1", "a whole number from 0 to 1024"),
        ("drain_grace_s", "nan", "a number of seconds, 0 or more"),
        ("drain_grace_s", "inf", "a number of seconds, 0 or more"),
        ("device", "tpu", "auto, or cpu, openvino, cuda or tensorrt, with require: or prefer:"),
        ("timeout_s", "0.05", "a number of seconds, 0.1 or more"),
        ("precision", "half", "one of auto, float32, bfloat16, int8"),
        ("admin", "perhaps", "on or off"),
        ("batch_delay_ms", "-0.5", "a number of milliseconds, 0 or more"),
        ("tls_key", "/nowhere/at/all", "a file that exists"),
        ("log_format", "xml", "one of text, json"),
        ("models", "/nowhere/at/all", "a folder that exists"),
        ("host", "", "some text"),
    ],
)
def test_a_wrong_value_names_the_variable_the_option_the_value_and_what_is_allowed(
    name: str, value: str, allowed: str, tmp_path: Path
) -> None:
    with pytest.raises(BadSettings) as caught:
        settings(tmp_path, {variable(name): value})
    option = "--" + name.replace("_", "-")
    assert f"BOXWRIGHT_{name.upper()} ({option}) is '{value}'" in str(caught.value)
    assert allowed in str(caught.value)


def test_an_option_is_checked_as_the_environment_is(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="a whole number from 0 to 1024"):
        settings(tmp_path, {}, max_batch=5000)


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_has_a_meaning(name: str) -> None:
    assert meaning(name).endswith(".")

"""`boxwright models`, `plugins` and `demo`."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from boxwright.cli import app
from boxwright.cli.demo import PHOTO
from boxwright.ports import Address
from boxwright_contract.catalog import Catalog


def boxwright(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_models_lists_what_is_served_and_why_the_rest_is_not(address: Address) -> None:
    printed = boxwright("models", "--server", str(address))
    assert ["bright", "10", "bright_areas+nothing", "3"] in map(
        str.split, printed.stdout.splitlines()
    )
    assert "cannot be used: altered/1\n  " in printed.stdout
    assert printed.exit_code == 0


def test_models_tells_all_about_one(address: Address) -> None:
    printed = boxwright("models", "bright", "--server", str(address))
    facts = {line[:22].strip(): line[23:] for line in printed.stdout.splitlines()}
    assert facts["model"] == "bright/10"
    assert facts["provider"] == "CPUExecutionProvider"
    assert facts["classes"] == "red, green, blue"


def test_models_as_json_are_the_same_with_a_server_and_without(
    address: Address, models: Path
) -> None:
    there = boxwright("models", "--json", "--server", str(address))
    here = boxwright("models", "--json", "--models", str(models))
    assert json.loads(there.stdout) == json.loads(here.stdout)
    assert len(json.loads(here.stdout)) == 3


def test_plugins_as_json_are_the_same_with_a_server_and_without(address: Address) -> None:
    there = boxwright("plugins", "--json", "--server", str(address))
    here = boxwright("plugins", "--json")
    assert json.loads(there.stdout) == json.loads(here.stdout)


def test_plugins_lists_every_installed_part() -> None:
    words = [line.split() for line in boxwright("plugins").stdout.splitlines()]
    rows = [row[:2] for row in words]
    catalog = Catalog.installed()
    for name in catalog.backbones:
        assert ["backbone", name] in rows
    for name in catalog.necks:
        assert ["neck", name] in rows
    for name in catalog.families:
        assert ["backbone", "family", name] in [row[:3] for row in words]
    for name in catalog.detectors:
        assert ["detector", name] in rows
    for name in catalog.proposals:
        assert ["proposal", "source", name] in [row[:3] for row in words]


def test_the_demo_draws_and_tells_what_to_try_next(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOXWRIGHT_MODELS", str(models))
    printed = boxwright("demo", "--out", str(tmp_path / "demo.png"))
    assert printed.exit_code == 0
    assert "Serving bright/10" in printed.stdout
    assert "inference" in printed.stdout
    assert "Try next" in printed.stdout
    drawn, photo = cv2.imread(str(tmp_path / "demo.png")), cv2.imread(str(PHOTO))
    assert drawn is not None
    assert photo is not None
    assert drawn.shape == photo.shape
    assert np.any(drawn != photo)

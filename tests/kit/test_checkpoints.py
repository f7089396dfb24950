"""A checkpoint tells which plugins made it, also where they are gone or have changed."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from boxwright_contract.card import PluginRecord, WeightsRecord
from boxwright_contract.errors import BadPlugin, BadWeights, UnknownName
from boxwright_workshop import checkpoint, network
from boxwright_workshop.checkpoint import Checkpoint
from boxwright_workshop.export_request import RECORD
from boxwright_workshop.recipe import parse

Install = Callable[..., Path]

ANSWER = "@hookimpl\ndef boxwright_backbones():\n    return [backbone()]\n"
RECIPE = """
backbone = "wren"
[options]
levels = ["C2", "C3"]
neck_channels = 8
head_channels = 16
"""
CURE = r"It was trained with wren of wren 1\.2, "


@pytest.fixture
def saved(install: Install, tmp_path: Path) -> Path:
    """A checkpoint on the backbone of a plugin; return its folder."""
    install("wren", ANSWER)
    recipe = network.settled(parse(RECIPE, "small"))
    record = Checkpoint(
        recipe=recipe,
        classes=("bird",),
        weights=WeightsRecord(origin="random", licence="none"),
        epochs=0,
        accuracy=None,
        made_by="a test",
    )
    net = network.build(recipe, 1, trained=False)
    checkpoint.save(tmp_path / "best", record, net.state_dict())
    return tmp_path / "best"


def plugin(saved: Path) -> Path:
    return saved.parent / "site" / "wren.py"


def upgrade(saved: Path) -> None:
    """Give the plugin another version."""
    old = plugin(saved).with_name("wren-1.2.dist-info")
    metadata = old / "METADATA"
    metadata.write_text(metadata.read_text().replace("Version: 1.2", "Version: 2.0"))
    old.rename(old.with_name("wren-2.0.dist-info"))


def test_it_names_the_distributions_and_versions_of_its_plugins(saved: Path) -> None:
    _, record = checkpoint.load(saved)
    assert record.backbone == PluginRecord(name="wren", distribution="wren", version="1.2")
    told = json.loads((saved / RECORD).read_text())
    assert told["backbone"] == asdict(record.backbone)
    assert told["detector"]["name"] == "faster_rcnn"
    assert told["detector"]["distribution"] == "boxwright"


def test_without_its_plugin_it_says_what_to_install(saved: Path) -> None:
    shutil.rmtree(plugin(saved).with_name("wren-1.2.dist-info"))
    with pytest.raises(UnknownName, match=rf"no backbone named 'wren'.*{CURE}which is not install"):
        checkpoint.load(saved)


@pytest.mark.parametrize(
    ("before", "after", "error", "said"),
    [
        ("nn.Conv2d(8, 12, 2, 2)", "nn.Conv2d(8, 12, 2, 2, bias=False)", BadWeights, "not fit"),
        ('"C3": self.second(fine)', '"other": self.second(fine)', BadPlugin, "does not build"),
    ],
)
def test_with_another_version_of_its_plugin_it_says_which_one_fits(
    saved: Path,
    before: str,
    after: str,
    error: type[Exception],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = plugin(saved).read_text()
    assert before in code
    plugin(saved).write_text(code.replace(before, after))
    upgrade(saved)
    monkeypatch.delitem(sys.modules, "wren")
    cure = rf"{said}.*{CURE}and 2\.0 is installed\. Install wren==1\.2\."
    with pytest.raises(error, match=cure):
        checkpoint.load(saved)


def test_an_older_one_without_these_records_is_read(saved: Path) -> None:
    file = saved / RECORD
    told = json.loads(file.read_text())
    del told["detector"], told["backbone"]
    file.write_text(json.dumps(told))
    _, record = checkpoint.load(saved)
    assert record.backbone is None

"""What the README shows works."""

import re
from pathlib import Path
from shutil import copy

import pytest

from boxwright.cli.demo import PHOTO
from boxwright.ports import Address
from boxwright_contract.parts import Backbone

README = Path(__file__).parents[2] / "README.md"
CLIENT, GEOMETRY, GENERATIONS, PLUGIN = re.findall(
    r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL
)


def test_the_client_example_prints_detections(
    address: Address,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copy(PHOTO, tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    exec(CLIENT.replace("127.0.0.1:50051", str(address)), {})
    assert re.match(r"(red|green|blue) [01]\.\d* \(.*\)\n", capsys.readouterr().out)


def test_the_geometry_example_prints_receptive_fields(
    address: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = GEOMETRY.replace("127.0.0.1:50051", str(address)).replace("people", "bright")
    exec(asked, {})
    sizes, *levels = capsys.readouterr().out.splitlines()
    assert sizes == "(11, 11)"
    assert levels


def test_the_generations_example_prints_a_line_for_each(
    address: Address,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copy(PHOTO, tmp_path / "cells.jpg")
    monkeypatch.chdir(tmp_path)
    exec(
        re.sub(r"blood_cells_\w+", "bright", GENERATIONS.replace("127.0.0.1:50051", str(address))),
        {},
    )
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all(re.match(r"bright [1-9]\d* Times\(.*inference_ms=", line) for line in lines)


def test_the_plugin_example_builds_what_it_declares() -> None:
    torch = pytest.importorskip("torch", reason="needs boxwright[workshop]")
    module: dict[str, object] = {}
    exec(PLUGIN, module)
    (backbone,) = module["boxwright_backbones"]()  # type: ignore[operator]
    assert isinstance(backbone, Backbone)
    built = backbone.build()(torch.zeros(1, 3, 64, 96))
    assert {name: level.shape[1:] for name, level in built.items()} == {
        level.name: (level.channels, 64 // level.stride, 96 // level.stride)
        for level in backbone.levels
    }

"""The template is a real package: built, installed, listed, trained, exported, served."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from boxwright.cli import app
from boxwright.cli.new_backbone import template
from boxwright.client import Client
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_workshop.conformance.examination import examinations


def boxwright(*arguments: str | Path) -> Result:
    printed = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert printed.exit_code == 0, printed.stderr
    return printed


@pytest.fixture
def installed(uv: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The wheel of the template, unpacked as an installer does it, on the path."""
    build = [uv, "build", "--wheel", "--quiet", "--out-dir", str(tmp_path), str(template())]
    subprocess.run(build, check=True)
    [wheel] = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "my_backbone", raising=False)
    return site


def test_its_wheel_holds_one_module_and_passes_every_check(installed: Path) -> None:
    assert [file.name for file in installed.glob("*.py")] == ["my_backbone.py"]
    [examination] = examinations("my_backbone")
    statuses = {check: examination.find(check).outcome.status for check in examination.checks}
    assert statuses == dict.fromkeys(examination.checks, "passed")


def test_it_goes_from_a_wheel_to_boxes_over_grpc(
    installed: Path,
    guide_files: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in guide_files.items():
        Path(name).write_text(text)
    exec(guide_files["shapes.py"], {})
    train = ("--backbone", "my_backbone", "--data", "shapes/train.json", "--epochs", "6")
    boxwright("train", "--recipe", "quick.toml", *train, "--out", "run")
    boxwright("export", "run/best", "--name", "shapes", "--photos", "shapes/images")
    with (
        serve_in_background(
            Settings(models=Path("models"), port=0, drain_delay_s=0, warm_up_s=0)
        ) as address,
        Client(str(address)) as client,
    ):
        listed = {plugin.name: plugin.distribution for plugin in client.plugins()}
        found = client.detect("shapes/images/100.png", min_score=0.05).detections
    assert listed["my_backbone"] == "my_backbone"
    assert {detection.label for detection in found} <= {"orange", "blue"}
    assert found

"""`boxwright new-backbone` and `boxwright plugins check`, as they are typed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from boxwright.cli import app
from boxwright.cli.exit_codes import UNUSABLE, USAGE
from boxwright.cli.new_backbone import TEMPLATE, template
from boxwright_workshop.conformance.suites import names

Install = Callable[..., Path]

SHALLOW = "@hookimpl\ndef boxwright_backbones():\n    return [backbone(levels=LEVELS[:1])]\n"
UNDECLARED = (
    "@hookimpl\ndef boxwright_backbones():\n"
    "    return [backbone(levels=(Level('C2', 8, 4), Level('C3', 12, 8)))]\n"
)


def boxwright(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_new_backbone_is_the_template_under_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "somewhere" / "here"
    printed = boxwright("new-backbone", "hourglass_7", "--out", folder)
    assert printed.exit_code == 0, printed.stderr
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "hourglass_7.py",
        "pyproject.toml",
        "test_hourglass_7.py",
    ]
    for file in folder.iterdir():
        text = file.read_text()
        assert TEMPLATE not in text
        assert "hourglass_7" in text
        source = template() / file.name.replace("hourglass_7", TEMPLATE)
        assert text == source.read_text().replace(TEMPLATE, "hourglass_7")


def test_what_to_do_next_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = boxwright("new-backbone", "hourglass")
    assert "  pip install --editable hourglass\n" in printed.stdout
    assert "  boxwright plugins check hourglass\n" in printed.stdout
    assert (tmp_path / "hourglass" / "hourglass.py").is_file()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Hourglass", "'Hourglass' is no name for a Python module"),
        ("7net", "with a letter first"),
        ("my-net", "with a letter first"),
        ("../net", "with a letter first"),
        ("class", "no name for a Python module"),
        ("numpy", "Python has a module named 'numpy' already"),
        ("resnet50", "boxwright has a backbone named 'resnet50' already"),
    ],
)
def test_a_name_that_cannot_work_is_refused(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    printed = boxwright("new-backbone", name)
    assert printed.exit_code == USAGE
    assert said in printed.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    printed = boxwright("new-backbone", "hourglass", "--out", tmp_path)
    assert printed.exit_code == USAGE
    assert "already something at" in printed.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    blocked = boxwright("new-backbone", "hourglass", "--out", tmp_path / "file" / "inside")
    assert blocked.exit_code == USAGE
    assert "cannot be written" in blocked.stderr


def test_a_check_that_fails_is_told_with_the_cure_and_the_exit_code(install: Install) -> None:
    install("too_shallow", SHALLOW)
    printed = boxwright("plugins", "check", "too_shallow")
    assert printed.exit_code == UNUSABLE
    lines = [line.split() for line in printed.stdout.splitlines()]
    assert ["backbone", "levels_are_built_as_declared", "failed", "see", "below"] in lines
    assert (
        "failed: levels_are_built_as_declared\n  the network returns the levels C2, C3, but C2"
        in (printed.stdout)
    )
    assert "imports_quickly ... passed, " in printed.stderr


def test_warnings_alone_are_no_failure_and_json_holds_everything(install: Install) -> None:
    install("no_fields", UNDECLARED)
    printed = boxwright("plugins", "check", "no_fields", "--json")
    assert printed.exit_code == 0, printed.stderr
    found = json.loads(printed.stdout)
    assert [row["check"] for row in found] == names("backbone")
    assert {row["check"]: row["status"] for row in found if row["status"] != "passed"} == {
        "declares_what_it_sees": "warned"
    }
    [row] = [row for row in found if row["status"] == "warned"]
    assert row["cure"].startswith("Declare C2: field=Field(axes=(AxisField(4, (0,), (3,)),) * 2)")
    assert set(row) == {"kind", "name", "check", "status", "seen", "cure", "seconds"}


def test_a_plugin_that_cannot_be_loaded_is_told_why(install: Install) -> None:
    install("unlucky", "", "raise RuntimeError('no luck')")
    printed = boxwright("plugins", "check", "unlucky")
    assert printed.exit_code == UNUSABLE
    assert "importing 'unlucky' raised RuntimeError: no luck (" in printed.stderr
    assert boxwright("plugins", "check", "resnet51").exit_code == USAGE

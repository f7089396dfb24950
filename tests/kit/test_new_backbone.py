"""`boxwright new-backbone`, as it is typed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from boxwright.cli import app
from boxwright.cli.exit_codes import USAGE
from boxwright.cli.new_backbone import TEMPLATE, template


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

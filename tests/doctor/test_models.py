"""The folder of models is read as the server reads it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.doctor import models, runs
from boxwright.settings import Settings
from boxwright_contract.card import GRAPH_FILE
from boxwright_contract.proposal_rule import ProposalRule

MakeBundle = Callable[..., Path]


@pytest.fixture
def folder(make_bundle: MakeBundle, tmp_path: Path) -> Path:
    """A folder of two good models."""
    for name in ("bright", "dark"):
        make_bundle(tmp_path / "models" / name / "1")
    return tmp_path / "models"


def flip_a_bit(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def test_good_models_are_well(folder: Path) -> None:
    (found,) = models.look(Settings(models=folder))
    assert found.level == "ok"
    assert found.what.startswith("bright/1, dark/1 in ")


def test_one_flipped_bit_is_a_warning_beside_a_good_model(folder: Path) -> None:
    flip_a_bit(folder / "dark" / "1" / GRAPH_FILE)
    bad, good = models.look(Settings(models=folder))
    assert bad.level == "warning"
    assert bad.what.startswith("not served: dark/1: ")
    assert "was altered: its SHA-256 is" in bad.what
    assert good.what.startswith("bright/1 in ")


def test_no_good_model_at_all_is_a_problem(folder: Path) -> None:
    for name in ("bright", "dark"):
        flip_a_bit(folder / name / "1" / GRAPH_FILE)
    levels = [each.level for each in models.look(Settings(models=folder))]
    assert levels == ["warning", "warning", "problem"]


def test_an_empty_folder_is_a_problem(tmp_path: Path) -> None:
    (found,) = models.look(Settings(models=tmp_path))
    assert found.level == "problem"


def test_an_alias_of_nothing_is_a_warning(folder: Path) -> None:
    (folder / "bright" / "aliases.json").write_text(json.dumps({"stable": 1, "next": 2}))
    _, found = models.look(Settings(models=folder))
    assert found.what == "bright/next stands for version 2, which is not served"


def test_a_broken_file_of_aliases_is_a_warning(folder: Path) -> None:
    (folder / "bright" / "aliases.json").write_text("stable = 1")
    _, found = models.look(Settings(models=folder))
    assert (found.level, "aliases.json cannot be read" in found.what) == ("warning", True)


def test_a_proposal_source_that_is_not_installed_is_a_warning(
    make_bundle: MakeBundle, folder: Path
) -> None:
    for source in ("sliding_window", "divining_rod"):
        make_bundle(
            folder / source / "1",
            needs_proposals=True,
            proposals=ProposalRule(source=source, limit=10, longest_side_px=100),
        )
    _, found = models.look(Settings(models=folder))
    assert found.what.startswith("divining_rod/1: its proposal source 'divining_rod' is not")


def test_a_folder_that_this_user_may_not_read_is_a_problem(folder: Path) -> None:
    folder.chmod(0o000)
    code = (
        "import os; from pathlib import Path; from boxwright.doctor import models, memory, limits\n"
        "from boxwright.settings import Settings\n"
        f"settings = Settings(models=Path({str(folder)!r}))\n"
        "os.getuid() or os.setuid(65534)\n"
        "for check in (models, memory, limits):\n"
        "    for found in check.look(settings): print(found.level, found.what)"
    )
    for parent in folder.parents[:3]:  # pytest's own folders are for their owner alone
        parent.chmod(0o755)
    try:
        printed = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.splitlines()
    finally:
        folder.chmod(0o755)
    assert printed[0].startswith(f"problem the folder {folder} cannot be read: [Errno 13]")
    assert [line.split()[0] for line in printed].count("problem") == 1


def test_every_model_is_opened_and_run(folder: Path) -> None:
    found = list(runs.look(Settings(models=folder, device="cpu", threads=1)))
    assert [each.level for each in found] == ["ok", "ok"]
    assert found[0].what.startswith("bright/1 loads in ")
    assert "CPUExecutionProvider" in found[0].what


def test_a_graph_that_is_not_what_its_card_says_is_told_when_it_is_opened(
    make_bundle: MakeBundle, folder: Path
) -> None:
    make_bundle(folder / "fixed" / "1", batch=2)
    shutil.rmtree(folder / "bright")
    found = list(runs.look(Settings(models=folder, device="cpu", threads=1)))
    assert [each.level for each in found] == ["ok", "warning"]
    assert "fixed/1 is not what its card says" in found[1].what


def test_a_precision_that_no_card_offers_is_a_warning(folder: Path) -> None:
    shutil.rmtree(folder / "bright")
    settings = Settings(models=folder, device="cpu", threads=1, precision="int8")
    _, found = runs.look(settings)
    assert found.level == "warning"
    assert found.what.startswith("dark/1 runs in float32 and not in int8: ")

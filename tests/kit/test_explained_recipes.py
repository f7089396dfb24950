"""`boxwright train --explain-recipe`: a recipe that says what it means, and loads."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from boxwright.cli import app
from boxwright.cli.exit_codes import USAGE
from boxwright_contract.catalog import Catalog
from boxwright_contract.proposal_rule import ProposalRule
from boxwright_workshop import network
from boxwright_workshop.recipe import SHIPPED, Recipe, load

Install = Callable[..., Path]

SHIPPED_NAMES = sorted(item.name.removesuffix(".toml") for item in SHIPPED.iterdir())

STRANGER = '''
from dataclasses import dataclass, field
from typing import Literal
from boxwright_contract.parts import Detector

@dataclass(frozen=True)
class Head:
    """What looks at regions."""

    layers: int = 2
    """How deep it is."""

@dataclass(frozen=True)
class Options:
    """All of it.

    And more, which is not told.
    """

    mode: Literal["fast", "exact"] = "fast"
    """How it looks.

    "exact" takes longer.
    """
    sides: tuple[tuple[int, int], ...] = ((8, 16),)
    names: dict[str, float] = field(default_factory=lambda: {"a b": 1.5})
    limit: float | None = None
    """Most of them."""
    head: Head = Head()

def nothing(*_):
    raise NotImplementedError

@hookimpl
def boxwright_detectors():
    names = ("build", "losses", "detect", "exportable", "levels", "features")
    functions = dict.fromkeys(names, nothing)
    return [Detector(name=NAME, options=Options, source="nobody 2026", **functions)]
'''
TOLD = """
[options]
# Of stranger, from stranger 1.2. All of it.

# How it looks.
#
# "exact" takes longer.
# "fast" or "exact"; default "fast"
mode = "exact"

# list of lists of 2 whole numbers; default [[8, 16]]
sides = [[8, 16]]

# dict; default {"a b" = 1.5}
names = {"a b" = 1.5}

# Most of them.
# number, or nothing; left out by default
# limit = ...


[options.head]
# What looks at regions.

# How deep it is.
# whole number; default 2
layers = 2

"""


def explained(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["train", "--explain-recipe", *arguments])


def reloaded(text: str, folder: Path) -> Recipe:
    file = folder / "mine.toml"
    file.write_text(text)
    return load(str(file))


@pytest.mark.parametrize("name", ["", *SHIPPED_NAMES])
def test_a_recipe_is_the_same_after_it_is_explained_and_loaded(name: str, tmp_path: Path) -> None:
    printed = explained(*(("--recipe", name) if name else ()))
    assert printed.exit_code == 0, printed.stderr
    before, after = load(name) if name else Recipe(), reloaded(printed.stdout, tmp_path)
    assert network.options_of(after) == network.options_of(before)
    for field in vars(before).keys() - {"options"}:
        assert getattr(after, field) == getattr(before, field)


@pytest.mark.parametrize("name", Catalog.installed().detectors)
def test_the_options_of_every_detector_are_explained(name: str, tmp_path: Path) -> None:
    after = reloaded(explained("--detector", name).stdout, tmp_path)
    assert after.detector == name
    assert network.options_of(after) == network.options_of(Recipe(detector=name))


@pytest.mark.parametrize(
    ("detector", "rule"), [("rcnn", ProposalRule()), ("fast_rcnn", ProposalRule()), ("rpn", None)]
)
def test_the_proposals_of_a_detector_that_needs_them_are_explained(
    detector: str, rule: ProposalRule | None, tmp_path: Path
) -> None:
    told = explained("--detector", detector).stdout
    assert reloaded(told, tmp_path).proposals == rule
    assert ("\n# whole number; default 2000\nlimit = 2000\n" in told) is (rule is not None)


def test_a_field_is_told_with_its_meaning_its_type_and_its_default() -> None:
    told = explained("--recipe", "people", "--epochs", "3").stdout
    assert (
        "\n# Least and greatest scale, times the scale that the input rule gives.\n"
        "# 2 numbers above 0; default [0.8, 1.25]\nscale = [0.6, 1.5]\n" in told
    )
    assert "\n# whole number of at least 1; default 12\nepochs = 3\n" in told
    assert "# whole number; needed in this table\ndivisor = 32\n" in told


def test_the_options_of_a_stranger_are_explained_from_their_source(install: Install) -> None:
    install("stranger", STRANGER)
    printed = explained("--detector", "stranger", "--option", 'mode="exact"')
    assert TOLD in printed.stdout


def test_a_wrong_option_is_told_before_anything_is_printed() -> None:
    printed = explained("--option", "proposal=3")
    assert printed.exit_code == USAGE
    assert "Did you mean 'proposals'?" in printed.stderr
    assert printed.stdout == ""


def test_it_needs_no_torch(tmp_path: Path) -> None:
    run = (
        "import sys\nfrom boxwright.cli import app\n"
        "try:\n    app(['train', '--explain-recipe'])\n"
        "finally:\n    print('# torch:', 'torch' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", run], env=os.environ, capture_output=True, text=True, check=True
    )
    assert told.stdout.endswith("# torch: False\n")

"""Who may bring plugins, and for which contract."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright_contract.catalog import Catalog
from boxwright_contract.trust import VARIABLE, Trust

Install = Callable[..., Path]

SOUND = """
    @hookimpl
    def boxwright_backbones():
        return [backbone()]
"""


def the_reason(catalog: Catalog) -> str:
    [problem] = catalog.problems
    assert problem.distribution == "boxwright-Tiny"
    return problem.reason


def test_every_distribution_may_unless_it_is_told_otherwise(install: Install) -> None:
    install("boxwright-Tiny", SOUND)
    assert "tiny" in Catalog.installed().backbones


@pytest.mark.parametrize("told", ["boxwright.tiny", "acme, Boxwright_TINY ,", "acme,*"])
def test_an_allowed_distribution_brings_its_plugins(install: Install, told: str) -> None:
    install("boxwright-Tiny", SOUND)
    assert "tiny" in Catalog.installed(Trust.told(told)).backbones


@pytest.mark.parametrize(("told", "among"), [("acme,zoo", "acme, zoo"), ("", "none but the built")])
def test_another_is_listed_and_never_imported(install: Install, told: str, among: str) -> None:
    install("boxwright-Tiny", SOUND)
    catalog = Catalog.installed(Trust.told(told))
    assert "boxwright_Tiny" not in sys.modules
    assert "tiny" not in catalog.backbones
    assert "resnet50" in catalog.backbones
    assert "was not imported" in the_reason(catalog)
    assert f"Those that may: {among}" in the_reason(catalog)
    assert "Add it to BOXWRIGHT_PLUGINS_ALLOW (--plugins-allow)" in the_reason(catalog)


def test_the_environment_tells_it_to_every_command(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("boxwright-Tiny", SOUND)
    monkeypatch.setenv(VARIABLE, "acme")
    assert "was not imported" in the_reason(Catalog.installed())


@pytest.mark.parametrize(
    ("group", "cure"),
    [
        ("boxwright_2", "Install a newer boxwright"),
        ("boxwright_0", "Install a newer boxwright-Tiny"),
    ],
)
def test_a_plugin_for_another_contract_is_refused_with_both_versions(
    install: Install, group: str, cure: str
) -> None:
    info = install("boxwright-Tiny", SOUND)
    (info / "entry_points.txt").write_text(f"[{group}]\nplugin = boxwright_Tiny\n")
    reason = the_reason(Catalog.installed())
    assert "boxwright_Tiny" not in sys.modules
    assert f"made for version {group[-1]} of the plugin contract" in reason
    assert "this Boxwright has version 1" in reason
    assert cure in reason


def test_a_plugin_may_serve_two_contracts(install: Install) -> None:
    info = install("boxwright-Tiny", SOUND)
    (info / "entry_points.txt").write_text(
        "[boxwright]\nplugin = boxwright_Tiny\n[boxwright_2]\nplugin = boxwright_Tiny\n"
    )
    catalog = Catalog.installed()
    assert "tiny" in catalog.backbones
    assert catalog.problems == ()


def test_groups_that_only_look_alike_are_not_ours(install: Install) -> None:
    info = install("boxwright-Tiny", SOUND)
    (info / "entry_points.txt").write_text("[boxwright_extras]\nplugin = boxwright_Tiny\n")
    assert Catalog.installed().problems == ()

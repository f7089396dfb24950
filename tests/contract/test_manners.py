"""Rude plugins are used, and told how to do better."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright_contract import manners
from boxwright_contract.catalog import Catalog

Install = Callable[..., Path]

SOUND = """
    @hookimpl
    def boxwright_backbones():
        return [backbone()]
"""


def the_warning(catalog: Catalog) -> str:
    assert catalog.problems == ()
    assert "tiny" in catalog.backbones
    [warning] = catalog.warnings
    assert warning.distribution == "boxwright-tiny"
    return warning.reason


def test_a_polite_plugin_causes_no_warning(install: Install) -> None:
    install("boxwright-tiny", SOUND)
    assert Catalog.installed().warnings == ()


def test_what_a_plugin_prints_is_told_and_stays_out_of_the_output(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("boxwright-tiny", "\n    print('hello, world')" + SOUND)
    assert "it printed 'hello, world' while it was imported" in the_warning(Catalog.installed())
    assert capsys.readouterr().out == ""


def test_a_slow_import_is_told_with_its_time(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manners, "SLOW_S", 0.1)
    install("boxwright-tiny", "\n    import time\n    time.sleep(0.2)" + SOUND)
    assert "importing it took 0.2 s, and all who load plugins wait" in the_warning(
        Catalog.installed()
    )


def test_importing_what_servers_do_not_have_is_told(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = install("boxwright-tiny", "\n    import timm" + SOUND)
    (info.parent / "timm.py").write_text("")
    monkeypatch.delitem(sys.modules, "timm", raising=False)
    assert "it imports timm, which servers do not have" in the_warning(Catalog.installed())

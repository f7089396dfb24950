"""Plugins are loaded as the server loads them."""

from typing import TYPE_CHECKING

from boxwright.doctor.plugins import look
from boxwright.settings import Settings

if TYPE_CHECKING:
    from tests.doctor.conftest import Install


def test_the_built_in_ones_are_well() -> None:
    found = next(iter(look(Settings(plugins_allow=""))))
    assert found.level == "ok"
    assert "4 detectors" in found.what


def test_a_broken_one_is_a_warning_with_its_distribution_and_reason(install: "Install") -> None:
    install("acme_nets", "raise RuntimeError('no luck')")
    (found,) = (each for each in look(Settings()) if "acme_nets" in each.what)
    assert found.level == "warning"
    assert found.what.startswith("not used: plugin of acme_nets 1.2: importing 'acme_nets' raised")
    assert "RuntimeError: no luck" in found.what


def test_one_that_is_not_allowed_is_a_note_and_never_imported(install: "Install") -> None:
    install("acme_zoo", "raise SystemExit('I was imported')")
    found = [each for each in look(Settings(plugins_allow="other")) if "acme_zoo" in each.what]
    assert [each.level for each in found] == ["note"]
    assert "acme_zoo may not bring plugins, so it was not imported" in found[0].what


def test_a_rude_one_is_a_note(install: "Install") -> None:
    install("acme_loud", "print('welcome')")
    levels = {each.level for each in look(Settings()) if "it printed 'welcome'" in each.what}
    assert levels == {"note"}

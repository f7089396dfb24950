"""A broken plugin is reported by name and reason, and the rest works."""

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright_contract.catalog import Catalog

Install = Callable[..., Path]

SICK = "boxwright-sick"


def reasons(catalog: Catalog, distribution: str = SICK) -> list[str]:
    """Return why the parts of a distribution cannot be used."""
    return [p.reason for p in catalog.problems if p.distribution == distribution]


def the_reason(catalog: Catalog) -> str:
    """Return the only problem of the sick plugin, having seen that the built-ins are well."""
    assert "efficientnet_lite0" in catalog.backbones
    (reason,) = reasons(catalog)
    return reason


def hook(body: str) -> str:
    """Return a plugin whose backbone hook has the given body."""
    return f"@hookimpl\ndef boxwright_backbones():\n    {body}\n"


def test_a_problem_names_the_entry_point_the_distribution_and_its_version(install: Install) -> None:
    install(SICK, "raise RuntimeError('no luck')")
    (problem,) = (p for p in Catalog.installed().problems if p.distribution == SICK)
    assert (problem.entry_point, problem.version) == ("plugin", "1.2")


def test_a_missing_import_is_named_with_its_line_and_cure(install: Install) -> None:
    module = install(SICK, "import a_module_that_is_not_there").parent / "boxwright_sick.py"
    line = module.read_text().splitlines().index("import a_module_that_is_not_there") + 1
    reason = the_reason(Catalog.installed())
    assert "ModuleNotFoundError: No module named 'a_module_that_is_not_there'" in reason
    assert f"({module}, line {line})" in reason
    assert "Install what provides a_module_that_is_not_there, or import it inside" in reason


@pytest.mark.parametrize("target", ["boxwright_gone", "boxwright_sick:Hooks"])
def test_an_entry_point_that_names_nothing_is_told_so(install: Install, target: str) -> None:
    info = install(SICK, hook("return [backbone()]"))
    (info / "entry_points.txt").write_text(f"[boxwright]\nplugin = {target}\n")
    reason = the_reason(Catalog.installed())
    assert f"importing '{target}' raised " in reason
    assert "See that the entry point of boxwright-sick names what is there" in reason


@pytest.mark.parametrize(
    ("code", "raised", "cure"),
    [
        ("LEVLES", "NameError: name 'LEVLES' is not defined", "Mend that line, or uninstall"),
        ("import json\njson.loads('')", "JSONDecodeError: Expecting value", "Mend that line"),
        ("def (:", "SyntaxError: invalid syntax", "Mend that line, or uninstall"),
        ("if 1:\nx = 1", "IndentationError: expected an indented block", "Mend that line"),
        (
            "from boxwright_contract.parts import Levels",
            "ImportError: cannot import name 'Levels' from 'boxwright_contract.parts'",
            "Mend that import, install another boxwright-sick, or uninstall it.",
        ),
        (
            "import boxwright_sick.nets",
            "ModuleNotFoundError: No module named 'boxwright_sick.nets'",
            "Mend that import, install another boxwright-sick, or uninstall it.",
        ),
        (
            "from json import laods",
            "ImportError: cannot import name 'laods' from 'json'",
            "Install another version of json, mend that import, or uninstall boxwright-sick.",
        ),
        (
            "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')",
            "ModuleNotFoundError: No module named 'torch'",
            "A server has no torch: import it inside the functions that need it",
        ),
    ],
    ids=["name", "library", "syntax", "indent", "contract", "own", "other", "torch"],
)
def test_the_cure_fits_what_was_raised_and_the_line_is_the_plugins_own(
    install: Install, code: str, raised: str, cure: str
) -> None:
    module = install(SICK, code).parent / "boxwright_sick.py"
    reason = the_reason(Catalog.installed())
    assert f"importing 'boxwright_sick' raised {raised}" in reason
    assert f"({module}, line {len(module.read_text().splitlines())})" in reason
    assert cure in reason


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("class Panic(BaseException): ...\nraise Panic('all is lost')", "Panic: all is lost"),
        ("raise RecursionError", "RecursionError: "),
    ],
)
def test_whatever_an_import_raises_is_reported(install: Install, code: str, said: str) -> None:
    install(SICK, code)
    assert f"importing 'boxwright_sick' raised {said}" in the_reason(Catalog.installed())


def test_the_keyboard_still_interrupts(install: Install) -> None:
    install(SICK, "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        Catalog.installed()


def test_a_misspelt_hook_is_named_and_the_others_are_asked(install: Install) -> None:
    install(SICK, hook("return [backbone()]") + "@hookimpl\ndef boxwright_detector(): ...\n")
    catalog = Catalog.installed()
    reason = the_reason(catalog)
    assert "no hook named 'boxwright_detector'. Did you mean 'boxwright_detectors'?" in reason
    assert "Rename the function" in reason
    assert "tiny" in catalog.backbones


def test_a_module_without_hooks_is_told_how_to_have_one(install: Install) -> None:
    install(SICK, "def boxwright_backbones(): return []")
    reason = the_reason(Catalog.installed())
    assert "answers no hook" in reason
    assert "@hookimpl" in reason


def test_a_hook_that_asks_for_arguments_is_reported(install: Install) -> None:
    install(SICK, "@hookimpl\ndef boxwright_backbones(config): return []")
    reason = the_reason(Catalog.installed())
    assert "config" in reason
    assert "Write it as a plain function without arguments." in reason


@pytest.mark.parametrize("body", ["raise KeyError('x')", "yield backbone(); raise KeyError('x')"])
def test_a_hook_that_raises_is_reported_with_its_line(install: Install, body: str) -> None:
    install(SICK, hook(body))
    catalog = Catalog.installed()
    reason = the_reason(catalog)
    assert "asking 'boxwright_backbones' raised KeyError: 'x' (" in reason
    assert "boxwright_sick.py, line" in reason
    assert "uninstall boxwright-sick" in reason
    assert "tiny" not in catalog.backbones


def test_two_strangers_with_one_name_are_both_reported(install: Install) -> None:
    for name in (SICK, "boxwright-twin"):
        install(name, hook("return [backbone()]"))
    catalog = Catalog.installed()
    assert "tiny" not in catalog.backbones
    assert reasons(catalog) == [
        "the name 'tiny' is also offered by boxwright-twin. Rename one, or uninstall one."
    ]
    assert "'tiny' is also offered by boxwright-sick" in reasons(catalog, "boxwright-twin")[0]


def test_a_stranger_cannot_take_a_name_that_is_built_in(install: Install) -> None:
    install(SICK, hook("return [backbone(name='efficientnet_lite0')]"))
    catalog = Catalog.installed()
    assert "'efficientnet_lite0' is also offered by boxwright." in the_reason(catalog)
    assert catalog.backbones["efficientnet_lite0"].distribution == "boxwright"
    assert reasons(catalog, "boxwright") == []


def test_a_name_that_is_offered_twice_by_one_plugin_is_reported_twice(install: Install) -> None:
    install(SICK, hook("return [backbone(), backbone()]"))
    catalog = Catalog.installed()
    assert len(reasons(catalog)) == 2
    assert "tiny" not in catalog.backbones


def test_a_backbone_and_a_detector_may_share_a_name(install: Install) -> None:
    install(SICK, hook("return [backbone(name='faster_rcnn')]"))
    catalog = Catalog.installed()
    assert reasons(catalog) == []
    assert catalog.backbone("faster_rcnn").name == catalog.detector("faster_rcnn").name


def test_a_distribution_with_damaged_metadata_is_named_by_its_folder(install: Install) -> None:
    info = install(SICK, hook("return [backbone()]"))
    (info / "entry_points.txt").write_text("[boxwright]\nplugin\n")
    reason = reasons(Catalog.installed(), info.name)[0]
    assert "metadata cannot be read" in reason
    assert "Install it again." in reason

"""A broken plugin is reported by name and reason, and the rest works."""

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadPlugin

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
    assert "import that only inside the functions that need it" in reason


def test_an_entry_point_without_its_module_is_named(install: Install) -> None:
    (install(SICK, "").parent / "boxwright_sick.py").unlink()
    assert "No module named 'boxwright_sick'. Install" in the_reason(Catalog.installed())


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("class Panic(BaseException): ...\nraise Panic('all is lost')", "Panic: all is lost"),
        ("def (:", "SyntaxError: "),
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
    assert "config" in the_reason(Catalog.installed())


@pytest.mark.parametrize("body", ["raise KeyError('x')", "yield backbone(); raise KeyError('x')"])
def test_a_hook_that_raises_is_reported_with_its_line(install: Install, body: str) -> None:
    install(SICK, hook(body))
    catalog = Catalog.installed()
    reason = the_reason(catalog)
    assert "asking 'boxwright_backbones' raised KeyError: 'x' (" in reason
    assert "boxwright_sick.py, line" in reason
    assert "uninstall boxwright-sick" in reason
    assert "tiny" not in catalog.backbones


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return None", "returned None, not a list. Return [Backbone(...)]."),
        ("return 7", "returned 7, not a list."),
        ("return backbone()", "returned Backbone(name='tiny'"),
        ("return [Backbone]", "(type), expected Backbone."),
        ("return {'tiny': backbone()}", "Backbone is 'tiny' (str), expected Backbone."),
        ("return [backbone(name=3)]", "Backbone.name is 3 (int), expected str."),
        ("return [backbone(name='Tiny Net')]", "Backbone.name is 'Tiny Net'. Use small letters"),
        ("return [backbone(name='a+b')]", "Backbone.name is 'a+b'. Use small letters"),
        ("return [backbone(build=None)]", "Backbone.build is None (NoneType), expected a function"),
        ("return [backbone(levels=[])]", "Backbone.levels is [] (list), expected a tuple."),
        ("return [backbone(levels=())]", "have strides []. Offer at least one level"),
        ("return [backbone(levels=(8, 16))]", "Backbone.levels[0] is 8 (int), expected Level."),
        (
            "return [backbone(levels=(Level('C3', 8.0, 8),))]",
            "Backbone.levels[0].channels is 8.0 (float), expected int.",
        ),
        (
            "return [backbone(levels=(Level('C3', 8, True),))]",
            "Backbone.levels[0].stride is True (bool), expected int.",
        ),
        (
            "return [backbone(levels=(Level('C3', 8, 8, field=35),))]",
            "Backbone.levels[0].field is 35 (int), expected Field.",
        ),
        (
            "return [backbone(levels=(Level('C4', 8, 16), Level('C3', 8, 8)))]",
            "have strides [16, 8]. Offer at least one level, finest first",
        ),
        (
            "return [backbone(preprocessing=Preprocessing(mean=(0, 0), std=(1, 1, 1)))]",
            "Backbone.preprocessing.mean has 2 items, expected 3.",
        ),
        (
            "given = Weights(name='a', origin='b', sha256='0123456', licence='c', locate=print)\n"
            "    return [backbone(weights=(given,))]",
            "the weights 'a' have the SHA-256 '0123456'. Give its 64 small hexadecimal digits, or",
        ),
        (
            "half = (0.5,) * 3\n"
            "    grey = Preprocessing(colour='grey', mean=half, std=half)\n"
            "    return [backbone(preprocessing=grey)]",
            "Backbone.preprocessing.colour is 'grey' (str), expected 'rgb' or 'bgr'.",
        ),
    ],
)
def test_a_wrong_answer_is_told_from_the_right_one(install: Install, body: str, said: str) -> None:
    install(SICK, hook(body))
    catalog = Catalog.installed()
    assert said in the_reason(catalog)
    assert "tiny" not in catalog.backbones


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("None", "Backbone is None (NoneType), expected Backbone. Mend what the plugin returns."),
        ("backbone(name='ant')", "Backbone.name is 'ant', but 'zoo:ant' was asked for."),
        ("backbone(name='zoo:ant', levels=())", "levels of backbone 'zoo:ant' have strides []"),
        ("1 / 0", "making 'zoo:ant' raised ZeroDivisionError: division by zero ("),
    ],
)
def test_a_family_that_makes_something_else_costs_only_what_was_asked_for(
    install: Install, made: str, said: str
) -> None:
    families = "@hookimpl\ndef boxwright_backbone_families():\n"
    install(SICK, f"{families}    return [family(lambda name: {made})]\n")
    catalog = Catalog.installed()
    assert reasons(catalog) == []
    with pytest.raises(BadPlugin) as caught:
        catalog.backbone("zoo:ant")
    assert said in str(caught.value)


def test_a_family_with_a_colon_in_its_name_is_refused(install: Install) -> None:
    part = "BackboneFamily(name='z:o', make=print, members=list, source='')"
    install(SICK, f"@hookimpl\ndef boxwright_backbone_families():\n    return [{part}]\n")
    assert "BackboneFamily.name is 'z:o'. Use small letters" in the_reason(Catalog.installed())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("levels=(), build=print", "Neck.levels is () (tuple), expected a function."),
        ("levels=print, build=None", "Neck.build is None (NoneType), expected a function."),
    ],
)
def test_a_neck_is_two_functions(install: Install, fields: str, said: str) -> None:
    part = f"Neck(name='collar', {fields}, source='')"
    install(SICK, f"@hookimpl\ndef boxwright_necks():\n    return [{part}]\n")
    catalog = Catalog.installed()
    assert said in the_reason(catalog)
    assert "collar" not in catalog.necks


def test_a_wrong_part_does_not_cost_the_sound_ones_beside_it(install: Install) -> None:
    install(SICK, hook("return [None, backbone()]"))
    catalog = Catalog.installed()
    assert "Backbone is None (NoneType), expected Backbone" in the_reason(catalog)
    assert "tiny" in catalog.backbones


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

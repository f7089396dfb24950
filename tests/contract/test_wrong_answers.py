"""What a plugin hands over is held against what it must be, field by field."""

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadPlugin

Install = Callable[..., Path]

SICK = "boxwright-sick"


def the_reason(catalog: Catalog) -> str:
    """Return the only problem, which is the sick plugin's."""
    (problem,) = catalog.problems
    assert problem.distribution == SICK
    return problem.reason


def hook(body: str) -> str:
    """Return a plugin whose backbone hook has the given body."""
    return f"@hookimpl\ndef boxwright_backbones():\n    {body}\n"


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
        (
            "return [backbone(levels=[Level('C3', 8, 8)])]",
            "field=None)] (list), expected a tuple: put tuple(...) around it. Mend",
        ),
        (
            "return [backbone(levels=(Level(f'C{n}', 8, 1 << n) for n in (2, 3)))]",
            "(generator), expected a tuple: put tuple(...) around it. Mend",
        ),
        (
            "return [backbone(levels=Level('C3', 8, 8))]",
            "(Level), expected a tuple: one item takes a comma, (item,). Mend",
        ),
        ("return [backbone(levels='C3')]", "Backbone.levels is 'C3' (str), expected a tuple. "),
        (
            "given = Weights(name='a', origin='b', sha256='', licence='c', locate=print)\n"
            "    return [backbone(weights=[given])]",
            "(list), expected a tuple: put tuple(...) around it. Mend",
        ),
        (
            "half = [0.5] * 3\n"
            "    return [backbone(preprocessing=Preprocessing(mean=half, std=half))]",
            "Backbone.preprocessing.mean is [0.5, 0.5, 0.5] (list), expected a tuple: put tuple",
        ),
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
    assert catalog.problems == ()
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

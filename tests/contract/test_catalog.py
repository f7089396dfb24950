"""The catalog offers every plugin that works, whoever made it."""

from collections.abc import Callable

import pytest

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import UnknownName

Install = Callable[..., object]

ZOO = """
    from boxwright_contract.errors import UnknownName

    def make(name):
        if name != "ant":
            raise UnknownName(name)
        return backbone(name="zoo:ant")

    @hookimpl
    def boxwright_backbone_families():
        return [family(make)]
"""

SOUND = """
    @hookimpl
    def boxwright_backbones():
        return [backbone()]
"""


def test_the_built_in_plugins_have_no_problem() -> None:
    assert Catalog.installed().problems == ()


def test_a_plugin_is_offered_with_its_distribution_and_version(install: Install) -> None:
    install("boxwright-tiny", SOUND)
    offer = Catalog.installed().backbones["tiny"]
    assert (offer.part.name, offer.distribution, offer.version) == ("tiny", "boxwright-tiny", "1.2")


def test_a_generator_is_as_good_as_a_list(install: Install) -> None:
    install("boxwright-tiny", "@hookimpl\ndef boxwright_backbones():\n    yield backbone()")
    assert Catalog.installed().backbone("tiny").source == "nobody 2026"


def test_one_plugin_may_answer_every_hook(install: Install) -> None:
    install(
        "boxwright-all",
        SOUND
        + """
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Options:
        depth: int = 1

    def nothing(*arguments):
        raise NotImplementedError

    @hookimpl
    def boxwright_detectors():
        return [Detector(name="finder", options=Options, build=nothing, losses=nothing,
                         detect=nothing, exportable=nothing, levels=nothing, features=nothing,
                         source="nobody")]

    @hookimpl
    def boxwright_backbone_families():
        return [family(nothing)]

    @hookimpl
    def boxwright_necks():
        return [Neck(name="collar", levels=nothing, build=nothing, source="nobody")]

    @hookimpl
    def boxwright_proposals():
        return [ProposalSource(name="guesser", propose=nothing, source="nobody")]
""",
    )
    catalog = Catalog.installed()
    assert catalog.backbone("tiny").levels[0].stride == 8
    assert catalog.detector("finder").needs_proposals is False
    assert catalog.proposal_source("guesser").name == "guesser"
    assert catalog.neck("collar").source == "nobody"
    assert list(catalog.families["zoo"].part.members()) == ["ant", "anteater"]


def test_a_family_makes_a_backbone_when_it_is_asked_for(install: Install) -> None:
    install("boxwright-zoo", ZOO)
    catalog = Catalog.installed()
    offer = catalog.backbone_offer("zoo:ant")
    assert (offer.part.name, offer.distribution, offer.version) == (
        "zoo:ant",
        "boxwright-zoo",
        "1.2",
    )
    assert catalog.families["zoo"].part.source == "nobody 2026"
    assert not any(name.startswith("zoo") for name in catalog.backbones)
    assert catalog.problems == ()


def test_a_name_that_a_family_has_not_is_answered_with_the_nearest(install: Install) -> None:
    install("boxwright-zoo", ZOO)
    with pytest.raises(UnknownName) as caught:
        Catalog.installed().backbone("zoo:amt")
    assert str(caught.value) == (
        "no backbone named 'zoo:amt'. Did you mean 'zoo:ant' or 'zoo:anteater'? zoo has 2 others."
    )
    with pytest.raises(UnknownName, match=r"no backbone named 'zoo:\.\./ant'"):
        Catalog.installed().backbone("zoo:../ant")


def test_a_family_that_is_not_there_is_answered_with_those_that_are(install: Install) -> None:
    install("boxwright-zoo", ZOO)
    with pytest.raises(UnknownName, match=r"no backbone named 'zo:ant'.* Known: .*zoo:NAME"):
        Catalog.installed().backbone("zo:ant")


def test_names_are_in_the_order_of_the_alphabet(install: Install) -> None:
    install(
        "boxwright-two",
        """
        @hookimpl
        def boxwright_backbones():
            return [backbone(name="zebra"), backbone(name="ant")]
        """,
    )
    names = list(Catalog.installed().backbones)
    assert names == sorted(names)
    assert {"ant", "zebra"} < set(names)


def test_a_distribution_that_is_on_the_path_twice_counts_once(install: Install) -> None:
    install("boxwright-tiny", SOUND, folder="old", version="1.0")
    install("Boxwright_Tiny", SOUND, folder="new", version="2.0")
    catalog = Catalog.installed()
    assert catalog.backbones["tiny"].version == "2.0"
    assert catalog.problems == ()


def test_what_a_catalog_holds_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        del Catalog.installed().backbones["efficientnet_lite0"]  # type: ignore[attr-defined]


def test_an_unknown_name_is_answered_with_the_nearest_and_all_others(install: Install) -> None:
    install("boxwright-tiny", SOUND)
    with pytest.raises(UnknownName, match=r"^no backbone named 'tyny'\. Did you mean 'tiny'\? .*"):
        Catalog.installed().backbone("tyny")
    with pytest.raises(UnknownName, match=r"no detector named 'yolo'\. Known: .*faster_rcnn"):
        Catalog.installed().detector("yolo")
    with pytest.raises(UnknownName, match=r"no neck named 'fnp'\. Did you mean 'fpn'\?"):
        Catalog.installed().neck("fnp")
    with pytest.raises(UnknownName, match=r"no proposal source named 'edges'\."):
        Catalog.installed().proposal_source("edges")


def test_an_unknown_name_says_which_plugins_do_not_work(install: Install) -> None:
    install("boxwright-sick", "raise RuntimeError")
    with pytest.raises(UnknownName, match=r"do not work \(.*boxwright-sick\): see `boxwright plu"):
        Catalog.installed().backbone("sick")

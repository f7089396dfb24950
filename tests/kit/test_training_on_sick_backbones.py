"""A backbone that is not what it declares is refused before anything is learnt on it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright_contract.errors import BadPlugin
from boxwright_workshop import network
from boxwright_workshop.recipe import Recipe

HOOK = "@hookimpl\ndef boxwright_backbones():\n    return [backbone(%s)]\n"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("levels=(Level('C2', 8, 4), Level('C3', 16, 8))", "and 16 channels at stride 8 are decl"),
        ("levels=(Level('C2', 8, 8), Level('C3', 12, 16))", "C3 is 12 channels on 4 x 6 cells, an"),
        ("build=lambda: 1 / 0", r"ZeroDivisionError: division by zero \(.*sick_train.py, line"),
    ],
    ids=["channels", "strides", "build raises"],
)
def test_a_network_is_not_built_on_levels_that_are_not_as_declared(
    fields: str, said: str, install: Callable[..., Path]
) -> None:
    install("sick_train", HOOK % fields)
    with pytest.raises(BadPlugin, match=f"sick_train does not build the levels .*{said}"):
        network.build(Recipe(backbone="sick_train", weights=""), 2, trained=True)

"""With every kind of broken plugin installed at once, the server starts and says so."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.client import Client
from boxwright.server import serve_in_background
from boxwright.settings import Settings

Install = Callable[..., Path]

HOOK = "@hookimpl\ndef boxwright_backbones():\n    return %s\n"
SOUND = HOOK % "[backbone()]"

BROKEN = {
    "raises_at_import": ("", "raise RuntimeError('no luck')", "RuntimeError: no luck ("),
    "ends_python": ("", "raise SystemExit(3)", "SystemExit: 3 ("),
    "raises_in_hook": (HOOK % "1 / 0", "", "ZeroDivisionError: division by zero ("),
    "wrong_kind": (HOOK % "[build]", "", "expected Backbone. Mend what the plugin returns."),
    "no_levels": (HOOK % "[backbone(levels=())]", "", "Offer at least one level"),
    "taken_name": (HOOK % "[backbone(name='resnet50')]", "", "also offered by boxwright."),
    "misspelt": (
        SOUND + "@hookimpl\ndef boxwright_backbone(): ...\n",
        "",
        "no hook named 'boxwright_backbone'. Did you mean 'boxwright_backbones'?",
    ),
}
USABLE = {
    "prints": (SOUND, "print('welcome to my plugin')"),
    "slow": (SOUND, "import time; time.sleep(1)"),
    "raises_in_build": (HOOK % "[backbone(build=lambda: 1 / 0)]", ""),
    "torch_at_the_top": (SOUND, "import torch"),
}
"""What only training and export find out, and what only costs time."""


def test_the_server_starts_and_tells_of_every_broken_plugin(
    install: Install, models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name, (code, top, _) in BROKEN.items():
        install(name, code, top)
    for name, (code, top) in USABLE.items():
        install(name, code, top)
    caplog.set_level(logging.WARNING)
    with (
        serve_in_background(
            Settings(models=models, port=0, drain_delay_s=0, warm_up_s=0)
        ) as address,
        Client(str(address)) as client,
    ):
        listed = client.plugins()
    reasons = {plugin.distribution: plugin.problem for plugin in listed if plugin.problem}
    assert set(reasons) == set(BROKEN)
    for name, (_, _, said) in BROKEN.items():
        assert said in reasons[name]
        assert f"plugin not used: {name} of {name}: " in caplog.text
    sound = {plugin.name for plugin in listed if not plugin.problem}
    assert sound >= {*USABLE, "misspelt", "resnet50", "faster_rcnn"}

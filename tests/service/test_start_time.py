"""How long a server with many models takes to serve."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from boxwright.client import Client
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.starting import Shares

MODELS, WARM_UP_S = 10, 1.0


def test_the_models_of_the_start_share_the_time_to_warm_up(
    make_bundle: Callable[..., Path], settings: Settings, tmp_path: Path
) -> None:
    for number in range(MODELS):
        make_bundle(tmp_path / f"model{number}" / "1", multiplications=4)  # 0.1 s a run
    began = time.monotonic()
    with (
        serve_in_background(replace(settings, models=tmp_path, warm_up_s=WARM_UP_S)) as address,
        Client(str(address)) as client,
    ):
        assert time.monotonic() - began < MODELS * WARM_UP_S * 0.8
        assert [model.problem for model in client.models()] == [""] * MODELS


def test_what_a_model_leaves_of_its_share_the_others_have() -> None:
    shares = Shares(0.4, 2)
    first_s = shares.next_s()
    assert 0.15 < first_s <= 0.2
    assert 2 * first_s - 0.1 < shares.next_s() <= 0.4
    spent = Shares(0.01, 2)
    time.sleep(0.02)
    assert spent.next_s() == 0


def test_a_model_that_comes_after_the_start_has_the_whole_time() -> None:
    shares = Shares(10, 3)
    assert shares.next_s() < 4
    shares.end()  # two that were counted were bad
    assert (shares.next_s(), shares.next_s()) == (10, 10)

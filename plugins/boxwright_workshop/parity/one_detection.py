"""An image in which torch finds exactly one thing: a number at which graphs have broken before."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from boxwright_contract.input_rule import InputRule
from boxwright_workshop.parity.matching import Answer
from boxwright_workshop.parity.odd_sizes import Group, Pixels, on_canvas, structured
from boxwright_workshop.parity.regions import Regions

TRIES = 24
"""Pictures; where photos are fewer, the same ones turned."""


def with_one_detection(
    answer: Callable[[Group], Answer], rule: InputRule, photos: Sequence[Pixels]
) -> Group | None:
    """Return an image with one detection, found by bisecting how much of a picture is shown.

    Photos come first, then made-up pictures. None: each goes from nothing to several at once.
    """
    found = _searched(answer, rule, photos) if photos else None
    return found or _searched(answer, rule, ())


def with_one_of_one_proposal(
    answer: Callable[[Group], Answer], rule: InputRule, photos: Sequence[Pixels], regions: Regions
) -> Group | None:
    """Return an image with one proposal and one detection, for detectors that need proposals.

    None: each proposal that was tried gives none or several.
    """
    rng, one = np.random.default_rng(1), replace(regions, numbers=(1,))
    for number in range(TRIES):
        shown = number % len(photos) if photos else None
        picture = rule.resize(structured(rng) if shown is None else photos[shown])
        size = picture.shape[:2]
        group = on_canvas([picture], *rule.canvas(*size), [one.of_image(number, shown, *size)])
        if len(answer(group).scores) == 1:
            return group
    return None


def _searched(
    answer: Callable[[Group], Answer], rule: InputRule, photos: Sequence[Pixels]
) -> Group | None:
    rng = np.random.default_rng(1)
    for number in range(TRIES):
        photo = rule.resize(photos[number % len(photos)] if photos else structured(rng))
        height, width = photo.shape[:2]
        none, several = 0, max(height, width)
        while several - none > 1:
            side = (none + several) // 2
            shown = np.rot90(photo, number // max(1, len(photos)))[:side, :side]
            group = on_canvas([np.ascontiguousarray(shown)], *rule.canvas(*shown.shape[:2]))
            found = len(answer(group).scores)
            if found == 1:
                return group
            none, several = (side, several) if found == 0 else (none, side)
    return None

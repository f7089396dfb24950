"""Does a neck make what it declares, on whatever levels a backbone has?

A neck on a stand-in for a backbone is a network from images to levels, so most of what is asked of
a backbone is asked of it, once for each kind of levels.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import torch

from boxwright_contract.errors import BadPlugin
from boxwright_contract.parts import Level
from boxwright_workshop.conformance import (
    behaviour_checks,
    graph_checks,
    level_checks,
    parameter_checks,
)
from boxwright_workshop.conformance.backbone_specimen import BackboneSpecimen
from boxwright_workshop.conformance.blame import blamed
from boxwright_workshop.conformance.finding import Check, Outcome, failed, passed
from boxwright_workshop.conformance.neck_specimen import (
    BELOW,
    CHANNELS,
    FOUR,
    REPEATING,
    NeckedSpecimen,
    NeckSpecimen,
)


def makes_the_levels_it_declares(specimen: NeckSpecimen) -> Outcome:
    """Compare names, order, channels and strides, on all kinds of levels."""
    for below in BELOW:
        fault = _fault(specimen.part.levels(below, CHANNELS[0]))
        if fault:
            names = ", ".join(level.name for level in below)
            return failed(f"on {names}, {fault}.", "Return what Neck.levels is documented to.")
    return _on_each(specimen, specimen.necked, level_checks.levels_are_built_as_declared)


def starts_with_finite_parameters(specimen: NeckSpecimen) -> Outcome:
    """Look for NaN and infinity in what `build` returned, before anything runs."""
    return _on_each(specimen, specimen.necked, parameter_checks.parameters_are_finite)


def takes_any_size_of_the_divisor(specimen: NeckSpecimen) -> Outcome:
    """Try small, wide and large images, on all kinds of levels."""
    few = specimen.necked[: len(BELOW)]
    return _on_each(specimen, few, level_checks.takes_any_size_of_the_divisor)


def gradients_reach_everything(specimen: NeckSpecimen) -> Outcome:
    """Send a gradient from every level back to every parameter and every level below.

    Where it makes fewer levels than it is given, it may leave some of them out.
    """
    dropped: list[str] = []
    for necked in specimen.necked:
        neck = specimen.built(necked.below, necked.channels).train()
        side = 2 * necked.divisor
        inputs = {
            level.name: torch.randn(
                2, level.channels, side // level.stride, side // level.stride, requires_grad=True
            )
            for level in necked.below
        }
        parameter_checks.send_back(neck(inputs))
        learning = {name: p.grad for name, p in neck.named_parameters() if p.requires_grad}
        fault = parameter_checks.idle_or_wild(learning, "parameters")
        given = {name: level.grad for name, level in inputs.items()}
        if len(necked.part.levels) < len(given):
            idle = {name for name, gradient in given.items() if gradient is None}
            dropped += [f"{', '.join(sorted(idle))} of {', '.join(given)}"] * bool(idle)
            given = {name: gradient for name, gradient in given.items() if name not in idle}
        fault = fault or parameter_checks.idle_or_wild(given, "levels below")
        if fault:
            return failed(f"on {necked.told}: {fault.seen}", fault.cure)
    left_out = f"; it leaves out {dropped[0]}" if dropped else " and every level"
    return passed(f"on each of {len(specimen.necked)} kinds of levels every parameter{left_out}")


def answers_the_same_twice(specimen: NeckSpecimen) -> Outcome:
    """Ask twice in eval mode."""
    return _on_each(specimen, specimen.necked[:1], behaviour_checks.answers_the_same_twice)


def answers_the_same_in_a_batch(specimen: NeckSpecimen) -> Outcome:
    """Compare each picture of a batch with the same picture alone."""
    return _on_each(specimen, specimen.necked[:1], behaviour_checks.answers_the_same_in_a_batch)


def graph_answers_as_torch(specimen: NeckSpecimen) -> Outcome:
    """Export it for any batch and size, on levels that double and on some that repeat."""
    some = [necked for necked in specimen.necked if necked.below in (FOUR, REPEATING)][:2]
    return _on_each(specimen, some, graph_checks.graph_answers_as_torch)


def _on_each(
    specimen: NeckSpecimen, some: Iterable[NeckedSpecimen], check: Check[BackboneSpecimen]
) -> Outcome:
    """Make a check of backbones on each of `some`; the first that fails is told with its levels."""
    told = []
    for necked in some:
        try:
            outcome = check(necked)
        except Exception as error:
            raised = blamed(error, specimen.module)
            raise BadPlugin(f"on {necked.told}: {raised}. Mend what is raised there.") from error
        if outcome.status == "failed":
            return failed(f"on {necked.told}: {outcome.seen}", outcome.cure)
        told.append(outcome.seen)
    return passed(told[0] if len(told) == 1 else f"on each of {len(told)} kinds of levels")


def _fault(made: object) -> str:
    """Return what is wrong with the levels that a neck declares."""
    if not isinstance(made, tuple) or not all(isinstance(level, Level) for level in made):
        return f"levels returns {made!r:.80}, not a tuple of Level"
    if not made:
        return "levels returns none"
    strides = [level.stride for level in made]
    if strides[0] < 1 or any(fine > coarse for fine, coarse in pairwise(strides)):
        return f"levels have the strides {strides}, not finest first"
    twice = [name for name, times in Counter(level.name for level in made).items() if times > 1]
    return f"two levels are called {twice[0]}" if twice else ""

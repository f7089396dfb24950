"""Parameters that are no numbers from the start are named, and nothing else is looked at."""

import textwrap
from collections.abc import Callable
from pathlib import Path

from boxwright_workshop.conformance.finding import Outcome

Install = Callable[..., Path]
Examine = Callable[[str, str], Outcome]

HOOK = "@hookimpl\ndef boxwright_backbones():\n    return [backbone(%s)]\n"


def test_a_parameter_that_starts_as_nan_is_named_and_nothing_else_is_looked_at(
    install: Install, examine: Examine
) -> None:
    code = """
    def spoilt():
        import torch
        net = build()
        with torch.no_grad():
            net.second.weight[0, :3] = float("nan")
            net.first[1].running_var[1] = float("inf")
        return net

    """
    install("spoilt", textwrap.dedent(code) + HOOK % "build=spoilt")
    outcome = examine("spoilt", "parameters_are_finite")
    assert outcome.status == "failed"
    assert outcome.seen == (
        "as it is built, second.weight holds NaN or infinity in 12 of 384 values, and so do 1 more."
    )
    later = examine("spoilt", "every_parameter_learns")
    assert later.status == "skipped"
    assert later.seen == "not looked at: it needs parameters_are_finite to pass first"

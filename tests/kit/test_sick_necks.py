"""What is wrong with a neck is named, with the levels that it stood on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright_contract.catalog import Catalog
from boxwright_workshop.conformance.examination import examinations
from boxwright_workshop.conformance.finding import Outcome

Install = Callable[..., Path]
Examine = Callable[[str, str], Outcome]

NECK = """
from boxwright_contract.parts import Neck

def levels(below, channels):
    made = tuple(Level(lev.name.replace("C", "P"), channels, lev.stride) for lev in below)
    {levels}
    return made

def build(below, channels):
    import torch
    from torch import nn

    class Lateral(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolutions = nn.ModuleDict(
                {{lev.name: nn.Conv2d(lev.channels, channels, 1) for lev in below}}
            )
            {init}

        def forward(self, x):
            made = {{
                name.replace("C", "P"): convolution(x[name])
                for name, convolution in self.convolutions.items()
            }}
            {forward}
            return made

    return Lateral()

@hookimpl
def boxwright_necks():
    return [Neck(name=NAME, levels=levels, build=build, source="nobody 2026")]
"""

NARROW = "made = {name: m[..., :4] if m.shape[3] > 24 else m for name, m in made.items()}"
CUT = """
def cut(module, arguments):
    return ({name: level.detach() for name, level in arguments[0].items()},)
"""


def neck(levels: str = "", init: str = "", forward: str = "") -> str:
    """Return a plugin with a neck that does something more in those places."""
    return NECK.format(levels=levels, init=init or "pass", forward=forward or "pass")


@pytest.mark.parametrize("name", Catalog.installed().necks)
def test_a_built_in_neck_passes_every_check(name: str) -> None:
    [examination] = examinations(name, "neck")
    statuses = {check: examination.find(check).outcome.status for check in examination.checks}
    assert statuses == dict.fromkeys(examination.checks, "passed")


def test_a_neck_may_leave_levels_out_and_that_is_told(examine: Examine) -> None:
    outcome = examine("none", "gradients_reach_everything")
    assert outcome.seen.endswith("every parameter; it leaves out C2, C3, C4 of C2, C3, C4, C5")


@pytest.mark.parametrize(
    ("code", "check", "seen"),
    [
        (
            neck(levels="made = tuple(Level(m.name, 64, m.stride) for m in made)"),
            "makes_the_levels_it_declares",
            "on C2 16 / 4, C3 40 / 8, C4 24 / 16, C5 32 / 32, asked for 32 channels: on 64 x 96 "
            "px P2 is 32 channels on 16 x 24 cells, and 64 channels at stride 4 are declared",
        ),
        (
            neck(forward="made.pop('P5', None)"),
            "makes_the_levels_it_declares",
            "returns the levels P2, P3, P4, but P2, P3, P4, P5 are declared",
        ),
        (neck(levels="made = list(made)"), "makes_the_levels_it_declares", "not a tuple of Level"),
        (
            neck(levels="made = made[::-1]"),
            "makes_the_levels_it_declares",
            "on C2, C3, C4, C5, levels have the strides [32, 16, 8, 4], not finest first",
        ),
        (
            neck(levels="made = tuple(Level(f'P{m.stride}', 32, m.stride) for m in made)"),
            "makes_the_levels_it_declares",
            "on C3, C4_narrow, C4, two levels are called P16",
        ),
        (
            neck(forward="made['P2']"),
            "makes_the_levels_it_declares",
            "on C3 16 / 8, C4_narrow 8 / 16, C4 24 / 16, asked for 32 channels: KeyError: 'P2' (",
        ),
        (
            neck(init="torch.nn.init.constant_(self.convolutions['C4'].bias, float('nan'))"),
            "starts_with_finite_parameters",
            "neck.convolutions.C4.bias holds NaN or infinity in 32 of 32 values",
        ),
        (
            neck(forward=NARROW),
            "takes_any_size_of_the_divisor",
            "P2 is 32 channels on 4 x 40 cells",
        ),
        (
            neck(init="self.spare = nn.Linear(1, 1)"),
            "gradients_reach_everything",
            "spare.weight, spare.bias of 10 parameters have no gradient from any level",
        ),
        (
            neck(init="self.register_forward_pre_hook(cut)") + CUT,
            "gradients_reach_everything",
            "C2, C3, C4 and 1 more of 4 levels below have no gradient from any level",
        ),
        (
            neck(forward="made['P4'] = made['P4'] + torch.rand(1)"),
            "answers_the_same_twice",
            "P4 differs from one run to the next",
        ),
        (
            neck(forward="made['P4'] = made['P4'] - made['P4'].mean(dim=0)"),
            "answers_the_same_in_a_batch",
            "P4 of a picture changes by",
        ),
        (
            neck(forward="made['P4'] = made['P4'] * (2 if torch.compiler.is_exporting() else 1)"),
            "graph_answers_as_torch",
            "P4 of the graph is 1 of its largest value off torch's",
        ),
    ],
    ids=lambda value: value[:24] if "\n" not in str(value) else None,
)
def test_what_a_neck_does_wrong_is_named(
    code: str, check: str, seen: str, install: Install, examine: Examine
) -> None:
    install("sick_neck", code)
    outcome = examine("sick_neck", check)
    assert outcome.status == "failed"
    assert seen in outcome.seen

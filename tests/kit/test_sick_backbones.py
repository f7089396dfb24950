"""What is wrong with a backbone is named, with the numbers and the cure."""

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright_contract.errors import BadPlugin, UnknownName
from boxwright_contract.geometry.field import AxisField, Field
from boxwright_contract.parts import Level
from boxwright_workshop.conformance.examination import examinations
from boxwright_workshop.conformance.finding import Outcome

Install = Callable[..., Path]
Examine = Callable[[str, str], Outcome]

HOOK = "@hookimpl\ndef boxwright_backbones():\n    return [backbone(%s)]\n"
SOUND = HOOK % ""


def built(line: str) -> str:
    """Return a plugin whose network changes its levels by one line before it returns them."""
    return (
        f"def change(self, levels):\n    import torch\n    {line}\n    return levels\n"
        + HOOK % "build=lambda: changed(change)"
    )


def test_a_sound_backbone_passes_every_check(install: Install) -> None:
    install("sound", SOUND)
    [examination] = examinations("sound")
    found = {check: examination.find(check).outcome for check in examination.checks}
    assert {check: outcome.status for check, outcome in found.items()} == dict.fromkeys(
        examination.checks, "passed"
    )
    assert found["declares_what_it_sees"].seen.startswith("C2 4 x 4, C3 8 x 8 px, by the graph and")


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        (
            HOOK % "levels=(Level('C2', 8, 4), Level('C3', 16, 8))",
            "on 16 x 24 px C3 is 12 channels on 2 x 3 cells, and 16 channels at stride 8 are ",
        ),
        (
            HOOK % "levels=(Level('C2', 8, 4), Level('C3', 12, 16))",
            "C3 is 12 channels on 4 x 6 cells, and 12 channels at stride 16 are declared: "
            "12 channels on 2 x 3 cells",
        ),
        (built("del levels['C3']"), "returns the levels C2, but C2, C3 are declared"),
        (built("levels['C4'] = levels['C3']"), "returns the levels C2, C3, C4, but C2, C3 are"),
        (
            built("levels = dict(reversed(levels.items()))"),
            "returns the levels C3, C2, but C2, C3 are declared",
        ),
        (built("levels = list(levels.values())"), "the network returns list, not a dict"),
        (HOOK % "build=lambda: 1 / 0", "ZeroDivisionError: division by zero ("),
        (built("raise RuntimeError('no luck')"), "RuntimeError: no luck ("),
    ],
    ids=[
        "channels",
        "stride",
        "a level too few",
        "one too many",
        "order",
        "a list",
        "build raises",
        "forward raises",
    ],
)
def test_levels_that_are_not_as_declared_are_named(
    code: str, seen: str, install: Install, examine: Examine
) -> None:
    file = install("sick_levels", code)
    outcome = examine("sick_levels", "levels_are_built_as_declared")
    assert outcome.status == "failed"
    assert seen in outcome.seen
    assert outcome.cure
    if seen.endswith("("):
        assert f"({file}, line " in outcome.seen


def test_what_stands_on_wrong_levels_is_not_looked_at(install: Install, examine: Examine) -> None:
    install("sick_foundation", HOOK % "build=lambda: 1 / 0")
    outcome = examine("sick_foundation", "graph_answers_as_torch")
    assert outcome.status == "skipped"
    assert outcome.seen == "not looked at: it needs levels_are_built_as_declared to pass first"


@pytest.mark.parametrize(
    ("check", "line", "seen"),
    [
        (
            "takes_any_size_of_the_divisor",
            "levels['C3'] = levels['C3'][:, :, :3]",
            "on 32 x 40 px C3 is 12 channels on 4 x 3 cells",
        ),
        (
            "every_parameter_learns",
            "levels['C3'] = levels['C3'].detach()",
            "second.weight, second.bias of 6 parameters have no gradient",
        ),
        (
            "every_parameter_learns",
            "levels['C3'] = levels['C3'] * 0 / 0",
            "the gradients of first.0.weight, first.0.bias, first.1.weight and 3 more hold NaN",
        ),
        (
            "is_finite_on_any_picture",
            "levels['C2'] = levels['C2'] / levels['C2'].std(dim=(2, 3), keepdim=True)",
            "NaN or infinity in C2 on black; C2 on white; C2 on padding",
        ),
        (
            "answers_the_same_twice",
            "levels['C2'] = torch.nn.functional.dropout(levels['C2'])",
            "in eval mode, C2 differs from one run to the next",
        ),
        (
            "answers_the_same_in_a_batch",
            "levels['C3'] = levels['C3'] - levels['C3'].mean(dim=0)",
            "in eval mode, C3 of a picture changes by",
        ),
        (
            "declares_what_it_sees",
            "levels['C3'] = torch.nn.functional.avg_pool2d(levels['C3'], 3, 1, 1)",
            "C3 declares Field(axes=(AxisField(8, (0,), (7,)),) * 2), measured is "
            "Field(axes=(AxisField(8, (-8,), (15,)),) * 2)",
        ),
    ],
)
def test_what_a_network_does_wrong_is_named(
    check: str, line: str, seen: str, install: Install, examine: Examine
) -> None:
    install("sick_network", built(line))
    outcome = examine("sick_network", check)
    assert outcome.status == "failed"
    assert seen in outcome.seen
    assert outcome.cure


def test_an_undeclared_field_is_no_fault_and_is_told(install: Install, examine: Examine) -> None:
    install("silent", HOOK % "levels=(Level('C2', 8, 4), Level('C3', 12, 8))")
    outcome = examine("silent", "declares_what_it_sees")
    assert outcome.status == "warned"
    declared: dict[str, object] = {}
    exec(outcome.code, declared)
    assert declared["LEVELS"] == (
        Level("C2", 8, 4, Field(axes=(AxisField(4, (0,), (3,)),) * 2)),
        Level("C3", 12, 8, Field(axes=(AxisField(8, (0,), (7,)),) * 2)),
    )


@pytest.mark.parametrize(
    ("fields", "status", "seen"),
    [
        ("sha256=DIGEST", "passed", "imagenet: tensors only, digest and every key fit"),
        ("sha256=DIGEST[:8]", "warned", "imagenet have a SHA-256 of less than 64 digits"),
        ("sha256='0' * 64", "failed", "has SHA-256 "),
        ("sha256=DIGEST, licence=''", "failed", "'imagenet' tell no licence"),
        ("sha256=DIGEST, rename=lambda state: {}", "failed", "first.0.weight"),
        ("sha256=DIGEST, locate=lambda: str(FILE)", "passed", "every key fit"),
        ("sha256=DIGEST, rename=spoilt", "failed", "infinity in 1 of 9 tensors: second.bias"),
        ("sha256=CODE_DIGEST, locate=lambda: CODE", "failed", "holds more than tensors"),
        ("sha256=DIGEST, locate=absent", "warned", "they are not here: 'imagenet': no file"),
    ],
    ids=["sound", "short", "altered", "no licence", "keys", "text", "NaN", "code", "absent"],
)
def test_weights_are_opened_without_running_anything(
    fields: str, status: str, seen: str, install: Install, examine: Examine, tmp_path: Path
) -> None:
    code = f"""
    import hashlib, pathlib
    FILE, CODE = pathlib.Path({str(tmp_path)!r}, "w.pth"), pathlib.Path({str(tmp_path)!r}, "c.pth")

    def absent():
        from boxwright_contract.errors import BadWeights
        raise BadWeights("no file. Fetch it.")

    def spoilt(state):
        return {{**state, "second.bias": state["second.bias"] * float("nan")}}

    @hookimpl
    def boxwright_backbones():
        import torch
        if not FILE.exists():
            torch.save(build().state_dict(), FILE)
            torch.save({{"first": print}}, CODE)
        DIGEST, CODE_DIGEST = (hashlib.sha256(f.read_bytes()).hexdigest() for f in (FILE, CODE))
        its = dict(name="imagenet", origin="nobody", licence="MIT", locate=lambda: FILE)
        return [backbone(weights=(Weights(**(its | dict({fields}))),))]
    """
    install("weighty", code)
    outcome = examine("weighty", "weights_are_sound")
    assert outcome.status == status
    assert seen in outcome.seen


@pytest.mark.parametrize(
    ("top", "hook", "said"),
    [
        ("raise RuntimeError('no luck')", SOUND, "importing 'sick_start' raised RuntimeError"),
        ("", HOOK % "name='resnet50'", "'resnet50' is also offered by boxwright"),
        ("", HOOK % "levels=()", "strides []. Offer at least one level"),
    ],
    ids=["raises at import", "a name that is taken", "no levels"],
)
def test_a_plugin_that_cannot_be_used_is_told_why(
    top: str, hook: str, said: str, install: Install
) -> None:
    install("sick_start", hook, top)
    with pytest.raises(BadPlugin, match="sick_start") as raised:
        examinations("sick_start")
    assert said in str(raised.value)


def test_a_misspelt_hook_beside_a_sound_one_is_found(install: Install, examine: Examine) -> None:
    install("sick_hook", SOUND + "@hookimpl\ndef boxwright_detector(): ...\n")
    outcome = examine("sick_hook", "is_free_of_problems")
    assert outcome.status == "failed"
    assert "Did you mean 'boxwright_detectors'?" in outcome.seen


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'resnet50'"):
        examinations("resnet51")

"""A backbone whose graph says something else than torch is named, with the size and the level."""

from collections.abc import Callable
from pathlib import Path

from boxwright_workshop.conformance.finding import Outcome

Install = Callable[..., Path]
Examine = Callable[[str, str], Outcome]


def built(line: str) -> str:
    """Return a plugin whose network changes its levels by one line before it returns them."""
    return (
        f"def change(self, levels):\n    import torch\n    {line}\n    return levels\n"
        "@hookimpl\ndef boxwright_backbones():\n"
        "    return [backbone(build=lambda: changed(change))]\n"
    )


def test_a_graph_that_holds_for_one_size_only_is_not_passed(
    install: Install, examine: Examine
) -> None:
    install(
        "sick_graph", built("levels['C3'] = levels['C3'] * (2 if levels['C3'].shape[2] > 3 else 1)")
    )
    outcome = examine("sick_graph", "graph_answers_as_torch")
    assert outcome.status == "failed"
    assert outcome.seen == (
        "on 16 x 32 px C3 of the graph is 0.5 of its largest value off torch's."
    )


def test_a_graph_that_forgets_a_branch_for_large_images_is_not_passed(
    install: Install, examine: Examine
) -> None:
    line = "levels['C2'] = levels['C2'] * (2 if levels['C2'].shape[2] > 64 else 1)"
    install("sick_large", built(line))
    outcome = examine("sick_large", "graph_answers_as_torch")
    assert outcome.status == "failed"
    assert outcome.seen == (
        "on 448 x 320 px C2 of the graph is 0.5 of its largest value off torch's."
    )


def test_a_graph_that_differs_from_torch_is_told_by_how_much(
    install: Install, examine: Examine
) -> None:
    line = "levels['C3'] = levels['C3'] * (2 if torch.compiler.is_exporting() else 1)"
    install("sick_twin", built(line))
    outcome = examine("sick_twin", "graph_answers_as_torch")
    assert outcome.status == "failed"
    assert outcome.seen == "on 8 x 8 px C3 of the graph is 1 of its largest value off torch's."

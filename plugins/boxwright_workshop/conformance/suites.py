"""Which checks there are for each kind of part, in the order in which they are made."""

from collections.abc import Mapping, Sequence
from typing import Any

from boxwright_workshop.conformance import (
    behaviour_checks,
    detector_checks,
    detector_graph_checks,
    field_checks,
    graph_checks,
    import_checks,
    level_checks,
    proposal_checks,
    weight_checks,
)
from boxwright_workshop.conformance.finding import Check

IMPORT = (
    import_checks.is_free_of_problems,
    import_checks.imports_without_torch,
    import_checks.imports_quickly,
    import_checks.prints_nothing_when_imported,
)

SUITES: Mapping[str, Sequence[Check[Any]]] = {
    "backbone": (
        *IMPORT,
        level_checks.levels_are_built_as_declared,
        level_checks.takes_any_size_of_the_divisor,
        behaviour_checks.every_parameter_learns,
        behaviour_checks.is_finite_on_any_picture,
        behaviour_checks.answers_the_same_twice,
        behaviour_checks.answers_the_same_in_a_batch,
        graph_checks.graph_answers_as_torch,
        field_checks.declares_what_it_sees,
        weight_checks.weights_are_sound,
    ),
    "detector": (
        *IMPORT,
        detector_checks.options_have_defaults,
        detector_checks.stands_on_the_backbone,
        detector_checks.makes_the_levels_it_declares,
        detector_checks.losses_fall,
        detector_checks.learns_from_an_empty_image,
        detector_checks.answers_are_well_formed,
        detector_graph_checks.graph_finds_what_torch_finds,
        detector_graph_checks.none_and_one_are_ordinary,
        detector_graph_checks.origins_lie_on_the_grid,
    ),
    "proposal source": (
        *IMPORT,
        proposal_checks.boxes_are_well_formed,
        proposal_checks.a_lower_limit_gives_the_first_ones,
        proposal_checks.proposes_the_same_twice,
    ),
}

FOUNDATIONS = (
    level_checks.levels_are_built_as_declared.__name__,
    detector_checks.options_have_defaults.__name__,
    detector_checks.stands_on_the_backbone.__name__,
)
"""Where one of these fails, the checks after it have nothing to stand on."""


def names(kind: str) -> list[str]:
    """Return the names of the checks for a kind of part."""
    return [check.__name__ for check in SUITES[kind]]

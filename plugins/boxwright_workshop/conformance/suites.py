"""Which checks there are for each kind of part, in the order in which they are made.

They are named here as module.function, and imported when they are made: the first ones need no
torch, and are told at once.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from boxwright_contract.errors import MissingInstall
from boxwright_workshop.conformance.finding import Check
from boxwright_workshop.conformance.specimen import AnyOffer, Specimen

IMPORT = (
    "import_checks.is_free_of_problems",
    "import_checks.imports_without_torch",
    "import_checks.imports_quickly",
    "import_checks.prints_nothing_when_imported",
)
"""Of every kind of part. They are made of a plain `Specimen`, without torch."""

SUITES: Mapping[str, Sequence[str]] = {
    "backbone": (
        *IMPORT,
        "level_checks.levels_are_built_as_declared",
        "parameter_checks.parameters_are_finite",
        "level_checks.takes_any_size_of_the_divisor",
        "parameter_checks.every_parameter_learns",
        "behaviour_checks.is_finite_on_any_picture",
        "behaviour_checks.answers_the_same_twice",
        "behaviour_checks.answers_the_same_in_a_batch",
        "graph_checks.graph_answers_as_torch",
        "field_checks.declares_what_it_sees",
        "weight_checks.weights_are_sound",
    ),
    "neck": (
        *IMPORT,
        "neck_checks.makes_the_levels_it_declares",
        "neck_checks.starts_with_finite_parameters",
        "neck_checks.takes_any_size_of_the_divisor",
        "neck_checks.gradients_reach_everything",
        "neck_checks.answers_the_same_twice",
        "neck_checks.answers_the_same_in_a_batch",
        "neck_checks.graph_answers_as_torch",
    ),
    "detector": (
        *IMPORT,
        "detector_checks.options_have_defaults",
        "detector_checks.stands_on_the_backbone",
        "detector_checks.makes_the_levels_it_declares",
        "detector_checks.losses_fall",
        "detector_checks.learns_from_an_empty_image",
        "detector_checks.answers_are_well_formed",
        "detector_graph_checks.graph_finds_what_torch_finds",
        "detector_graph_checks.none_and_one_are_ordinary",
        "detector_graph_checks.origins_lie_on_the_grid",
        "detector_graph_checks.proposals_are_named",
    ),
    "proposal source": (
        *IMPORT,
        "proposal_checks.boxes_are_well_formed",
        "proposal_checks.a_lower_limit_gives_the_first_ones",
        "proposal_checks.proposes_the_same_twice",
    ),
}

SPECIMENS = {
    "backbone": "backbone_specimen.BackboneSpecimen",
    "neck": "neck_specimen.NeckSpecimen",
    "detector": "detector_specimen.DetectorSpecimen",
    "proposal source": "proposal_checks.ProposalSpecimen",
}

FOUNDATIONS = (
    "level_checks.levels_are_built_as_declared",
    "parameter_checks.parameters_are_finite",
    "neck_checks.makes_the_levels_it_declares",
    "neck_checks.starts_with_finite_parameters",
    "detector_checks.options_have_defaults",
    "detector_checks.stands_on_the_backbone",
)
"""Where one of these fails, the checks after it have nothing to stand on."""


def names(kind: str) -> list[str]:
    """Return the names of the checks for a kind of part."""
    return [name_of(path) for path in SUITES[kind]]


def name_of(path: str) -> str:
    """Return the name of a check of `SUITES`."""
    return path.rpartition(".")[2]


def path_of(kind: str, check: str) -> str:
    """Return the check of `kind` that has that name, as `SUITES` names it."""
    [path] = [known for known in SUITES[kind] if name_of(known) == check]
    return path


def function(path: str) -> Check[Any]:
    """Return a check of `SUITES`, imported."""
    check: Check[Any] = _loaded(path)
    return check


def specimen(kind: str, offer: AnyOffer) -> Specimen:
    """Return a part as the checks of its kind take it."""
    made: Specimen = _loaded(SPECIMENS[kind])(offer)
    return made


def _loaded(path: str) -> Any:  # noqa: ANN401 - what it is depends on the path
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(f"{__package__}.{module}"), name)
    except ModuleNotFoundError as error:
        raise MissingInstall(
            f"the checks of plugins need '{error.name}', which is not installed. "
            "Install it: pip install 'boxwright[workshop]'."
        ) from error

"""`--proposals`: a source, a model, or boxes in a file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from boxwright_contract.errors import LONGEST_QUOTE, BadProposals, BadSettings

if TYPE_CHECKING:
    from boxwright.client import ProposalsLike

OF_MODEL = "model:"
Boxes: TypeAlias = list[list[float]]
"""Four numbers each."""


def proposals_for(told: str | None) -> "Callable[[Path], ProposalsLike | None]":
    """Return what tells, for each image file, where a model is to look.

    Args:
        told: The name of a proposal source; model:NAME; or the path of a .json file, with a list
            of [x_min, y_min, x_max, y_max] for every image, or such a list for each file by name.

    Raises:
        BadSettings: The file cannot be read, or has something else.
    """
    from boxwright.client import FromModel

    if told is None or not told.endswith(".json"):
        name = told or ""
        model = FromModel(name.removeprefix(OF_MODEL)) if name.startswith(OF_MODEL) else None
        return lambda photo: model or told
    known = _read(Path(told))
    if isinstance(known, list):
        return lambda photo: known

    def of(photo: Path) -> "ProposalsLike":
        for name in (str(photo), photo.name):
            if name in known:
                return known[name]
        raise BadProposals(f"'{told}' has no proposals for '{photo.name}'. Add them by that name.")

    return of


def _read(file: Path) -> Boxes | dict[str, Boxes]:
    try:
        known: object = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise BadSettings(
            f"the proposals '{file}' cannot be read: {error}. Write a list of "
            "[x_min, y_min, x_max, y_max]."
        ) from error
    if isinstance(known, dict):
        return {
            name: _boxes(each, f"the proposals '{file}' for '{name}'")
            for name, each in known.items()
        }
    return _boxes(known, f"the proposals '{file}'")


def _boxes(given: object, what: str) -> Boxes:
    if not isinstance(given, list):
        raise BadSettings(
            f"{what} are {type(given).__name__}. Write a list of [x_min, y_min, x_max, y_max], or "
            "an object with such a list for each file name."
        )
    for index, box in enumerate(given):
        if not (
            isinstance(box, list)
            and len(box) == 4
            and all(isinstance(edge, int | float) for edge in box)
        ):
            raise BadSettings(
                f"{what} have {json.dumps(box)[:LONGEST_QUOTE]} as box {index}. Write a list of "
                "[x_min, y_min, x_max, y_max]."
            )
    return given

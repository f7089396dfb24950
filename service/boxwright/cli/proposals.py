"""`--proposals`: a source, a model, or boxes in a file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright_contract.errors import BadProposals

if TYPE_CHECKING:
    from boxwright.client import ProposalsLike

OF_MODEL = "model:"
Box = list[float]
"""Four numbers, if the file is right; the client looks."""


def proposals_for(told: str | None) -> "Callable[[Path], ProposalsLike | None]":
    """Return what tells, for each image file, where a model is to look.

    Args:
        told: The name of a proposal source; model:NAME; or the path of a .json file, with a list
            of [x_min, y_min, x_max, y_max] for every image, or such a list for each file by name.

    Raises:
        BadProposals: The file cannot be read.
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


def _read(file: Path) -> list[Box] | dict[str, list[Box]]:
    try:
        known: object = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise BadProposals(
            f"the proposals '{file}' cannot be read: {error}. Write a list of "
            "[x_min, y_min, x_max, y_max]."
        ) from error
    if isinstance(known, list | dict):
        return known
    raise BadProposals(
        f"the proposals '{file}' are {type(known).__name__}. Write a list of "
        "[x_min, y_min, x_max, y_max], or an object with such a list for each file name."
    )

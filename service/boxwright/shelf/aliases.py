"""Names that stand for versions of a model: models/<name>/aliases.json, as {"stable": 3}."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from boxwright_contract.errors import BadBundle, BadInput, CannotChange

LATEST = "latest"
"""Stands for the newest version, always."""
ALIAS = re.compile(r"(?!\d+\Z)[A-Za-z0-9_-]{1,64}")
NUMBER = re.compile(r"0|[1-9][0-9]*")
"""A version, as it is written."""
RULE = "letters, digits, - and _, at most 64, not only digits, and not latest"


def check_alias(alias: str) -> None:
    """Refuse what cannot stand for a version. Raises BadInput."""
    if not is_alias(alias):
        raise BadInput(f"'{alias[:64]}' cannot be an alias. Send {RULE}.")


def is_alias(alias: str) -> bool:
    """Tell whether a name may stand for a version."""
    return ALIAS.fullmatch(alias) is not None and alias != LATEST


def read(file: Path) -> Mapping[str, int]:
    """Return the aliases in a file.

    Raises:
        BadBundle: It is not JSON, or holds something else than aliases and versions.
    """
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise BadBundle(f"{file} cannot be read: {error}. Mend it, or remove it.") from error
    if not isinstance(found, dict):
        raise BadBundle(f'{file} is no object of aliases. Write it as {{"stable": 3}}.')
    for alias, version in found.items():
        if not is_alias(alias) or type(version) is not int or version < 0:
            raise BadBundle(
                f"{file} lets '{alias[:64]}' stand for {str(version)[:64]}. Write aliases of "
                f"{RULE}, and versions as numbers."
            )
    return found


def write(file: Path, aliases: Mapping[str, int]) -> None:
    """Write the aliases to a file, which at every moment holds the old ones or the new ones.

    Raises:
        CannotChange: The folder cannot be written.
    """
    draft = file.with_name(f".{file.name}.new")
    try:
        with draft.open("w") as opened:
            json.dump(dict(sorted(aliases.items())), opened, indent=2)
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(file)
    except OSError as error:
        raise CannotChange(
            f"the folder {file.parent.name} cannot be written: {error.strerror}. Let the server "
            f"write there, or write {file.name} yourself."
        ) from error

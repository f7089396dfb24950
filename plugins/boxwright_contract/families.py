"""A backbone out of a family, made by a stranger's code and checked like any other part."""

import difflib

from boxwright_contract.errors import BadPlugin, BoxwrightError, UnknownName
from boxwright_contract.part_check import NAME, check_part
from boxwright_contract.parts import Backbone, BackboneFamily
from boxwright_contract.raised import describe

NEAREST = 5
"""Most names that an error lists: a family may have a thousand."""


def member(family: BackboneFamily, name: str) -> Backbone:
    """Return the backbone that `family` makes for `name`.

    Raises:
        UnknownName: It has none of that name; the message has the nearest.
        BadSettings: It has, but no detector can stand on it.
        BadPlugin: It failed otherwise, or made something else.
    """
    full = f"{family.name}:{name}"
    try:
        backbone = _made(family, name)
    except BoxwrightError:
        raise
    except Exception as error:
        raise BadPlugin(
            f"making '{full}' raised {describe(error)}. Choose another of {family.name}, or mend "
            "the plugin."
        ) from error
    return check_part(backbone, Backbone, full)


def _made(family: BackboneFamily, name: str) -> Backbone:
    try:
        if not NAME.fullmatch(name):
            raise UnknownName(name)
        return family.make(name)
    except UnknownName as error:
        raise _unknown(family, name) from error


def _unknown(family: BackboneFamily, name: str) -> UnknownName:
    known = [f"{family.name}:{member}" for member in family.members()]
    asked = f"{family.name}:{name}"
    nearest = difflib.get_close_matches(asked, known, n=NEAREST)
    hint = f" Did you mean {' or '.join(map(repr, nearest))}?" if nearest else ""
    return UnknownName(f"no backbone named '{asked}'.{hint} {family.name} has {len(known)} others.")

"""Types as people read them."""

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from boxwright_workshop.toml_text import toml

PLAIN = {int: "whole number", float: "number", str: "text"}


def words(hint: Any, *, many: bool = False) -> str:  # noqa: ANN401 - it is a type hint
    """Return what a type hint says.

    Example:
        >>> words(tuple[tuple[int, ...], ...])
        'list of lists of whole numbers'
        >>> words(Annotated[float, msgspec.Meta(ge=0, le=1)] | None)
        'number from 0 to 1, or nothing'
    """
    origin, args = get_origin(hint), get_args(hint)
    plural = "s" if many else ""
    if origin is Annotated:
        return f"{words(args[0], many=many)}{_bounds(args[1:])}"
    if origin in (Union, types.UnionType):
        told = [words(each, many=many) for each in args if each is not type(None)]
        return " or ".join(told) + (", or nothing" if len(told) < len(args) else "")
    if origin is Literal:
        return " or ".join(map(toml, args))
    if origin is tuple and args[-1] is not Ellipsis and len(set(args)) == 1:
        return f"{f'list{plural} of ' if many else ''}{len(args)} {words(args[0], many=True)}"
    if origin in (tuple, list) and args:
        return f"list{plural} of {words(args[0], many=True)}"
    if hint is bool:
        return "true or false"
    if hint in PLAIN:
        return PLAIN[hint] + plural
    return str(getattr(origin or hint, "__name__", hint))


def _bounds(notes: tuple[object, ...]) -> str:
    said = []
    for note in notes:
        if not isinstance(note, msgspec.Meta):
            continue
        if note.ge is not None and note.le is not None:
            said.append(f" from {note.ge} to {note.le}")
            continue
        limits = {" of at least": note.ge, " above": note.gt, " of at most": note.le}
        limits[" below"] = note.lt
        if note.min_length is not None:
            said.append(f", at least {note.min_length}")
        said += [f"{how} {limit}" for how, limit in limits.items() if limit is not None]
    return " and".join(said)

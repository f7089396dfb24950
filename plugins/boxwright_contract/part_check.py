"""Is what a plugin handed over what it says it is? Checked field by field at start-up.

The expected types are read from the dataclasses in `parts`, so that a new field is checked too.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import is_dataclass
from itertools import pairwise
from types import SimpleNamespace, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from boxwright_contract.errors import BadPlugin
from boxwright_contract.parts import (
    Backbone,
    BackboneFamily,
    Detector,
    Neck,
    ProposalSource,
    Weights,
)

P = TypeVar("P", Backbone, BackboneFamily, Neck, Detector, ProposalSource)

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")
"""A name becomes part of `detector+backbone` and of folder names."""

DIGEST = re.compile(r"([0-9a-f]{8,64})?")
"""A SHA-256, as much of it as is known."""

# The only names in the annotations of `parts` that exist for type checkers alone.
_TORCH_NAMES: dict[str, Any] = {"Tensor": Any, "nn": SimpleNamespace(Module=Any)}


def check_part(part: object, kind: type[P], name: str = "") -> P:
    """Return `part`, which is a `kind` whose every field holds what it declares.

    Args:
        part: What a plugin handed over.
        kind: What it must be.
        name: How it must be called. Empty: by any name that may be offered.

    Raises:
        BadPlugin: It is not; the message names the field, what it holds, and what belongs there.
    """
    fault = _fault(part, kind, kind.__name__)
    if fault or not isinstance(part, kind):
        raise BadPlugin(f"{fault}. Mend what the plugin returns.")
    if name and part.name != name:
        raise BadPlugin(f"{kind.__name__}.name is {part.name!r}, but '{name}' was asked for.")
    if not name and not NAME.fullmatch(part.name):
        raise BadPlugin(
            f"{kind.__name__}.name is {part.name!r}. Use small letters, digits and _ . - only, "
            "with a letter or digit first."
        )
    if isinstance(part, Backbone):
        _check_levels(part)
        for weights in part.weights:
            _check_digest(weights)
    return part


def _check_levels(backbone: Backbone) -> None:
    strides = [level.stride for level in backbone.levels]
    if not strides or strides[0] < 1 or any(fine > coarse for fine, coarse in pairwise(strides)):
        raise BadPlugin(
            f"the levels of backbone '{backbone.name}' have strides {strides}. Offer at least one "
            "level, finest first."
        )


def _check_digest(weights: Weights) -> None:
    if not DIGEST.fullmatch(weights.sha256):
        raise BadPlugin(
            f"the weights '{weights.name}' have the SHA-256 {weights.sha256!r}. Give its 64 small "
            "hexadecimal digits, or at least the first 8, or none."
        )


def _fault(value: object, expected: Any, where: str) -> str:  # noqa: ANN401 - it is a type hint
    """Return what is wrong with `value`, named `where`; empty if nothing is."""
    origin, args = get_origin(expected), get_args(expected)
    if expected is Any:
        return ""
    if origin is Literal:
        wanted = " or ".join(map(repr, args))
        return "" if value in args else _says(where, value, wanted)
    if origin is UnionType:
        of_each = [_fault(value, each, where) for each in args]
        return "" if "" in of_each else of_each[0]
    if origin is tuple:
        return _fault_in_tuple(value, args, where)
    if origin is not None and issubclass(origin, Callable):  # type: ignore[arg-type]
        return "" if callable(value) else _says(where, value, "a function")
    if not _is_a(value, expected):
        return _says(where, value, expected.__name__)
    if is_dataclass(expected) and not isinstance(value, type):
        hints = get_type_hints(expected, localns=_TORCH_NAMES)
        faults = (
            _fault(getattr(value, key), hint, f"{where}.{key}") for key, hint in hints.items()
        )
        return next(filter(None, faults), "")
    return ""


def _fault_in_tuple(value: object, args: tuple[Any, ...], where: str) -> str:
    if isinstance(value, Iterable) and not isinstance(value, tuple | str):
        return _says(where, value, "a tuple: put tuple(...) around it")
    if not isinstance(value, tuple):
        alone = not _fault(value, args[0], where)
        return _says(where, value, "a tuple" + ": one item takes a comma, (item,)" * alone)
    expected = args[:1] * len(value) if args[-1] is Ellipsis else args
    if len(value) != len(expected):
        return f"{where} has {len(value)} items, expected {len(expected)}"
    faults = (
        _fault(v, e, f"{where}[{i}]") for i, (v, e) in enumerate(zip(value, expected, strict=True))
    )
    return next(filter(None, faults), "")


def _is_a(value: object, expected: type) -> bool:
    if isinstance(value, bool):
        return expected is bool
    return isinstance(value, (int, float) if expected is float else expected)


def _says(where: str, value: object, expected: str) -> str:
    return f"{where} is {value!r:.80} ({type(value).__name__}), expected {expected}"

"""How a setting is read from text, and which values it may have."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

Metadata = Mapping[str, Any]

SWITCHED = {"on": True, "true": True, "yes": True, "1": True}
SWITCHED |= {"off": False, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Kind:
    """How a setting is read from text, and which values it may have."""

    parse: Callable[[str], Any]
    accepts: Callable[[Any], bool]
    allowed: str
    """For people: what it may be."""


def text(meaning: str) -> Metadata:
    """Describe a setting that may not be empty."""
    return {"kind": Kind(str, bool, "some text"), "meaning": meaning}


def names(meaning: str) -> Metadata:
    """Describe a list of names."""
    return {"kind": Kind(str, lambda value: True, "names"), "meaning": meaning}


def folder(meaning: str) -> Metadata:
    """Describe a folder."""
    return {"kind": Kind(Path, Path.is_dir, "a folder that exists"), "meaning": meaning}


def file(meaning: str) -> Metadata:
    """Describe a file, or None for none."""
    kind = Kind(Path, lambda value: value is None or value.is_file(), "a file that exists")
    return {"kind": kind, "meaning": meaning}


def whole(low: int, high: int, meaning: str) -> Metadata:
    """Describe a whole number."""
    kind = Kind(int, lambda value: low <= value <= high, f"a whole number from {low} to {high}")
    return {"kind": kind, "meaning": meaning}


def seconds(meaning: str, least: float = 0) -> Metadata:
    """Describe a span of time."""
    allowed = f"a number of seconds, {least:g} or more"
    kind = Kind(float, lambda value: least <= value < math.inf, allowed)
    return {"kind": kind, "meaning": meaning}


def milliseconds(meaning: str) -> Metadata:
    """Describe a span of time, or None for one that is measured."""
    accepts: Callable[[Any], bool] = lambda value: value is None or 0 <= value < math.inf  # noqa: E731
    return {"kind": Kind(float, accepts, "a number of milliseconds, 0 or more"), "meaning": meaning}


def switch(meaning: str) -> Metadata:
    """Describe what is on or off."""
    kind = Kind(_switched, lambda value: isinstance(value, bool), "on or off")
    return {"kind": kind, "meaning": meaning}


def choice(literal: object, meaning: str) -> Metadata:
    """Describe one of the words of a Literal."""
    choices = get_args(literal)
    kind = Kind(str, choices.__contains__, f"one of {', '.join(choices)}")
    return {"kind": kind, "meaning": meaning}


def pattern(expression: str, allowed: str, meaning: str) -> Metadata:
    """Describe words of a form."""
    kind = Kind(str, lambda value: re.fullmatch(expression, value) is not None, allowed)
    return {"kind": kind, "meaning": meaning}


def _switched(text: str) -> bool:
    try:
        return SWITCHED[text.lower()]
    except KeyError:
        raise ValueError(text) from None

"""Tests for plugins: one line gives a test for each thing that is asked of a part.

    # test_my_backbone.py
    from boxwright_contract.testing import backbone_conforms

    test_my_backbone = backbone_conforms("my_backbone")

The plugin must be installed, editable or not. The tests are called by what they look at, as in
`test_my_backbone[levels_are_built_as_declared]`, so `pytest -k levels` runs that one. What works
and could be better is a `ConformanceWarning`. They need boxwright[workshop].
"""

import warnings
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

import pytest

from boxwright_contract.errors import BoxwrightError, MissingInstall

__all__ = [
    "ConformanceWarning",
    "backbone_conforms",
    "detector_conforms",
    "neck_conforms",
    "proposal_source_conforms",
]


class ConformanceWarning(UserWarning):
    """A part works, and could be better."""


def backbone_conforms(name: str) -> Callable[[str], None]:
    """Return the tests of an installed backbone: levels, sizes, training, graph, field, weights.

    Args:
        name: Of the backbone; a member of a family is "family:member".

    Raises:
        MissingInstall: boxwright[workshop] is not installed.
    """
    return _tests("backbone", name)


def neck_conforms(name: str) -> Callable[[str], None]:
    """Return the tests of an installed neck, on levels of all kinds: levels, gradients, graph.

    Raises:
        MissingInstall: boxwright[workshop] is not installed.
    """
    return _tests("neck", name)


def detector_conforms(name: str) -> Callable[[str], None]:
    """Return the tests of an installed detector, on a small backbone: losses, answers, graph.

    Raises:
        MissingInstall: boxwright[workshop] is not installed.
    """
    return _tests("detector", name)


def proposal_source_conforms(name: str) -> Callable[[str], None]:
    """Return the tests of an installed proposal source: boxes, limits, odd images.

    Raises:
        MissingInstall: boxwright[workshop] is not installed.
    """
    return _tests("proposal source", name)


def _tests(kind: str, name: str) -> Callable[[str], None]:
    """Return a function that pytest makes one test a check of."""
    suites, examination = _conformance("suites"), _conformance("examination")
    found = cache(lambda: examination.examinations(name, kind)[0])  # in the first test, not before

    @pytest.mark.parametrize("check", suites.names(kind))
    def conforms(check: str) -> None:
        try:
            outcome = found().find(check).outcome
        except BoxwrightError as error:
            pytest.fail(str(error), pytrace=False)
        told = " ".join(filter(None, (outcome.seen, outcome.cure)))
        if outcome.code:
            told = f"{told}\n\n{outcome.code}"
        if outcome.status == "failed":
            pytest.fail(told, pytrace=False)
        if outcome.status == "skipped":
            pytest.skip(told)
        if outcome.status == "warned":
            warnings.warn(ConformanceWarning(f"{name}, {check}: {told}"), stacklevel=1)

    return conforms


def _conformance(module: str) -> ModuleType:
    if find_spec("torch") is None:
        raise _missing("torch")
    try:
        return import_module(f"boxwright_workshop.conformance.{module}")
    except ModuleNotFoundError as error:
        raise _missing(str(error.name)) from error


def _missing(package: str) -> MissingInstall:
    return MissingInstall(
        f"the tests of plugins need '{package}', which is not installed. "
        "Install it: pip install 'boxwright[workshop]'."
    )

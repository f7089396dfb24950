"""Each error has an exit code, and each code a meaning."""

import inspect

import pytest

from boxwright.cli.exit_codes import CODES, MEANINGS, code_of
from boxwright_contract import errors

TREE = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if kind.__module__ == errors.__name__
]


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_error_ends_in_a_documented_exit_code(kind: type[errors.BoxwrightError]) -> None:
    error = kind("too busy", 100) if kind is errors.Overloaded else kind("no good")
    assert code_of(error) in MEANINGS


def test_no_error_ends_as_success() -> None:
    assert 0 not in CODES.values()

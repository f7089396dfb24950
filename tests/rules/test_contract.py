"""The contract is documented and tested as a whole."""

import inspect
import re
from pathlib import Path

import pytest

from boxwright_contract import catalog, errors, hookspecs
from boxwright_contract.errors import BoxwrightError

TESTS = Path(__file__).parents[1]
HOOKS = [name for name in vars(hookspecs) if name.startswith("boxwright_")]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_documented_asked_and_tested(hook: str) -> None:
    assert inspect.getdoc(getattr(hookspecs, hook))
    assert f'"{hook}"' in inspect.getsource(catalog)
    assert any(f"def {hook}(" in file.read_text() for file in (TESTS / "contract").glob("*.py"))


def test_the_error_tree_is_drawn_as_it_is() -> None:
    drawn = {"BoxwrightError": "Exception"}
    branch = ["BoxwrightError"]
    for line in inspect.cleandoc(errors.__doc__ or "").splitlines():
        twig = re.match(r"([│ ]*)[├└]── (\w+)", line)
        if twig:
            depth = len(twig[1]) // 4 + 1
            branch[depth:] = [twig[2]]
            drawn[twig[2]] = branch[depth - 1]
    built = {
        name: kind.__mro__[1].__name__
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, BoxwrightError)
    }
    assert drawn == built


def test_an_error_is_never_the_trunk_itself() -> None:
    raised = re.compile(r"raise BoxwrightError\b")
    root = TESTS.parent
    files = [*(root / "service").rglob("*.py"), *(root / "plugins").rglob("*.py")]
    assert [file for file in files if raised.search(file.read_text())] == []

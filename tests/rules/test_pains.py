"""Each test that the documentation names as proof is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/serving.md").read_text()
NAMED = re.findall(r"`(tests/[^`]+)`", PAGE)


def test_fifteen_pains_have_a_test_each() -> None:
    assert len(NAMED) == 15


@pytest.mark.parametrize("named", NAMED)
def test_a_named_test_is_there(named: str) -> None:
    file, _, test = named.partition("::")
    assert f"def {test}" in (ROOT / file).read_text()

"""The rules of the house, as CONTRIBUTING.md tells them."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GENERATED = ("boxwright/v1/", "boxwright/inference/")
VAGUE = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}


def sources() -> Iterator[Path]:
    """Find every Python file of ours that was written by hand."""
    for folder in ("service", "plugins", "tests"):
        for file in (ROOT / folder).rglob("*.py"):
            if not any(folder in file.as_posix() for folder in GENERATED):
                yield file


SOURCES = sorted(sources())
IDS = [str(file.relative_to(ROOT)) for file in SOURCES]


@pytest.mark.parametrize("file", SOURCES, ids=IDS)
def test_a_file_is_short_enough_to_be_read(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 250


@pytest.mark.parametrize("file", SOURCES, ids=IDS)
def test_a_name_says_what_the_thing_is(file: Path) -> None:
    assert not VAGUE & set(file.stem.lower().split("_"))
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ClassDef):
            words = re.findall(r"[A-Z][a-z]*", node.name)
            assert not VAGUE & {word.lower() for word in words}, node.name


def test_every_remote_call_is_documented() -> None:
    for proto in (ROOT / "protos").rglob("*.proto"):
        lines = [line.strip() for line in proto.read_text().splitlines()]
        for before, line in pairwise(lines):
            if line.startswith(("rpc ", "service ")):
                assert before.startswith("//"), f"{proto.name}: {line}"

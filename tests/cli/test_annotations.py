"""Where annotated copies go."""

from pathlib import Path

import pytest

from boxwright.cli.annotations import targets
from boxwright_contract.errors import BadSettings


def test_files_of_one_name_get_copies_of_different_names() -> None:
    files = [Path("a/photo.jpg"), Path("b/photo.png"), Path("c/photo.webp")]
    copies = targets(Path("out"), files)
    assert list(copies.values()) == [
        Path("out/photo.jpg"),
        Path("out/photo-2.jpg"),
        Path("out/photo-3.jpg"),
    ]


def test_a_copy_never_replaces_an_original() -> None:
    with pytest.raises(BadSettings, match=r"would replace 'in/photo\.jpg'"):
        targets(Path("in"), [Path("in/photo.jpg")])

"""Files, folders and patterns on the command line."""

from pathlib import Path

import pytest

from boxwright.cli.inputs import expand


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.jpg", "a.PNG", "deep/c.webp", "deep/notes.txt"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*asked: str) -> list[str]:
    return [one.path.as_posix() for one in expand(asked)]


@pytest.mark.usefixtures("photos")
def test_a_folder_stands_for_the_images_in_and_below_it() -> None:
    assert names("photos") == ["photos/a.PNG", "photos/b.jpg", "photos/deep/c.webp"]


@pytest.mark.usefixtures("photos")
def test_a_pattern_stands_for_the_files_that_match() -> None:
    assert names("photos/*.jpg") == ["photos/b.jpg"]
    assert names("photos/**/*.webp") == ["photos/deep/c.webp"]


def test_a_pattern_may_be_absolute(photos: Path) -> None:
    assert names(f"{photos}/photos/*.jpg") == [f"{photos.as_posix()}/photos/b.jpg"]


@pytest.mark.usefixtures("photos")
def test_a_file_that_is_named_itself_is_taken_whatever_it_is_called() -> None:
    assert names("photos/deep/notes.txt") == ["photos/deep/notes.txt"]


@pytest.mark.usefixtures("photos")
def test_a_file_with_a_wildcard_in_its_name_is_that_file() -> None:
    Path("photos/[1].jpg").touch()
    assert names("photos/[1].jpg") == ["photos/[1].jpg"]


@pytest.mark.usefixtures("photos")
def test_a_file_that_is_named_twice_is_taken_once() -> None:
    assert names("photos/b.jpg", "photos") == [
        "photos/b.jpg",
        "photos/a.PNG",
        "photos/deep/c.webp",
    ]


@pytest.mark.usefixtures("photos")
def test_a_pattern_and_a_folder_without_images_are_problems_by_name() -> None:
    Path("empty").mkdir()
    pattern, folder = expand(["photos/*.gif", "empty"])
    assert "the pattern 'photos/*.gif' matches no file" in str(pattern.problem)
    assert "the folder 'empty' has no images" in str(folder.problem)

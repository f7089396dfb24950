"""Names that stand for versions."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.device.runtime import Runtime
from boxwright.shelf.places import ALIASES_FILE
from boxwright.shelf.shelf import Shelf
from boxwright_contract.errors import BadInput, CannotChange, UnknownName

Put = Callable[..., Path]


@pytest.fixture
def two(put: Put) -> None:
    """Two versions of one model, in the folder."""
    put("bright/1")
    put("bright/2")


def version_of(shelf: Shelf, version: str) -> int:
    return shelf.find("bright", version).bundle.version


@pytest.mark.usefixtures("two")
def test_latest_and_nothing_stand_for_the_newest_version(folder: Path, runtime: Runtime) -> None:
    shelf = Shelf(folder, runtime.load)
    assert version_of(shelf, "latest") == version_of(shelf, "") == 2


@pytest.mark.usefixtures("two")
def test_an_alias_holds_at_once_and_after_a_restart(folder: Path, runtime: Runtime) -> None:
    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        await shelf.set_alias("bright", "stable", "1")
        assert version_of(shelf, "stable") == 1
        await shelf.close()

    asyncio.run(run())
    again = Shelf(folder, runtime.load)
    assert version_of(again, "stable") == 1
    assert again.now.aliases_of(again.find("bright", "1")) == ("stable",)


@pytest.mark.usefixtures("two")
def test_an_alias_can_be_moved_and_taken_away(folder: Path, runtime: Runtime) -> None:
    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        await shelf.set_alias("bright", "stable", "1")
        await shelf.set_alias("bright", "stable", "2")
        assert version_of(shelf, "stable") == 2
        await shelf.remove_alias("bright", "stable")
        with pytest.raises(UnknownName, match=r"named 'stable'\. Known: 1, 2\."):
            shelf.find("bright", "stable")
        with pytest.raises(UnknownName, match=r"no alias of model 'bright' named 'stable'"):
            await shelf.remove_alias("bright", "stable")
        await shelf.close()

    asyncio.run(run())
    assert json.loads((folder / "bright" / ALIASES_FILE).read_text()) == {}


@pytest.mark.usefixtures("two")
def test_aliases_that_are_written_by_hand_are_followed(folder: Path, runtime: Runtime) -> None:
    file = folder / "bright" / ALIASES_FILE

    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        file.write_text('{"stable": 1}')
        await shelf.follow()
        await shelf.follow()
        assert version_of(shelf, "stable") == 1
        file.unlink()
        await shelf.follow()
        await shelf.follow()
        assert shelf.now.aliases == ()
        await shelf.close()

    asyncio.run(run())


@pytest.mark.usefixtures("two")
def test_an_alias_set_by_a_call_keeps_those_written_by_hand_just_before(
    folder: Path, runtime: Runtime
) -> None:
    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        (folder / "bright" / ALIASES_FILE).write_text('{"by-hand": 1}')
        await shelf.set_alias("bright", "by-call", "2")
        assert (version_of(shelf, "by-hand"), version_of(shelf, "by-call")) == (1, 2)
        await shelf.close()

    asyncio.run(run())


@pytest.mark.usefixtures("two")
def test_an_alias_of_a_version_that_is_not_there_is_listed_and_found_by_nobody(
    folder: Path, runtime: Runtime
) -> None:
    (folder / "bright" / ALIASES_FILE).write_text('{"next": 3}')
    shelf = Shelf(folder, runtime.load)
    (bad,) = shelf.now.unserved
    assert (bad.name, bad.version) == ("bright", "next")
    assert "stands for version 3, which is not served" in bad.problem
    with pytest.raises(UnknownName, match=r"bright/next is there but not served: this alias"):
        shelf.find("bright", "next")


@pytest.mark.parametrize(
    "text",
    ["{", "[1]", '{"stable": "1"}', '{"stable": true}', '{"7": 1}', '{"latest": 1}', "[" * 99_999],
)
@pytest.mark.usefixtures("two")
def test_broken_aliases_are_listed_and_those_before_still_hold(
    text: str, folder: Path, runtime: Runtime
) -> None:
    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        await shelf.set_alias("bright", "stable", "1")
        (folder / "bright" / ALIASES_FILE).write_text(text)
        await shelf.follow()
        await shelf.follow()
        (bad,) = shelf.now.unserved
        assert (bad.name, bad.version) == ("bright", ALIASES_FILE)
        assert version_of(shelf, "stable") == 1
        with pytest.raises(CannotChange, match=ALIASES_FILE):
            await shelf.set_alias("bright", "other", "1")
        await shelf.close()

    asyncio.run(run())


@pytest.mark.parametrize("alias", ["", "7", "latest", "a b", "../x", "é", "x" * 65, "a\n"])
@pytest.mark.usefixtures("two")
def test_what_cannot_be_an_alias_is_refused_with_what_can(
    alias: str, folder: Path, runtime: Runtime
) -> None:
    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        with pytest.raises(BadInput, match=r"cannot be an alias\. Send letters, digits"):
            await shelf.set_alias("bright", alias, "1")
        await shelf.close()

    asyncio.run(run())
    assert not (folder / "bright" / ALIASES_FILE).exists()


@pytest.mark.parametrize("name", ["", ".", "..", "dark", "bright/../bright"])
@pytest.mark.usefixtures("two")
def test_no_name_reaches_outside_the_folder(name: str, folder: Path, runtime: Runtime) -> None:
    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        for change in (
            lambda: shelf.set_alias(name, "stable", "1"),
            lambda: shelf.remove_alias(name, "stable"),
            lambda: shelf.load(name),
            lambda: shelf.unload(name),
        ):
            with pytest.raises((BadInput, UnknownName)):
                await change()
        await shelf.close()

    asyncio.run(run())
    assert sorted(file.name for file in folder.iterdir()) == ["bright"]
    assert sorted(file.name for file in (folder / "bright").iterdir()) == ["1", "2"]

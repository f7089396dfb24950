"""A folder that is itself a model: its versions lie in it, as KServe mounts them."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.device.runtime import Runtime
from boxwright.shelf.shelf import Shelf
from boxwright_contract.errors import BadSettings

Put = Callable[..., Path]


def served(shelf: Shelf) -> list[str]:
    return [str(model.bundle) for model in shelf.now.models]


def test_the_folder_of_one_model_is_served_under_its_own_name(
    put: Put, folder: Path, runtime: Runtime
) -> None:
    put("bright/1")

    async def run() -> None:
        shelf = Shelf(folder / "bright", runtime.load)
        assert served(shelf) == ["bright/1"]
        put("bright/2")
        for _ in range(2):
            await shelf.follow()
        assert served(shelf) == ["bright/2", "bright/1"]
        await shelf.set_alias("bright", "stable", "1")
        assert (folder / "bright" / "aliases.json").is_file()
        shutil.rmtree(folder / "bright" / "2")
        for _ in range(2):
            await shelf.follow()
        assert served(shelf) == ["bright/1"]
        assert str(shelf.find("", "stable").bundle) == "bright/1"
        await shelf.close()

    asyncio.run(run())


def test_its_name_is_that_of_the_link_or_the_place_where_the_server_stands(
    put: Put, folder: Path, runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("bright/1")
    (tmp_path / "lamps").symlink_to(folder / "bright")
    assert served(Shelf(tmp_path / "lamps", runtime.load)) == ["lamps/1"]
    monkeypatch.chdir(folder / "bright")
    assert served(Shelf(Path(), runtime.load)) == ["bright/1"]


def test_a_model_that_lacks_its_version_is_listed_with_the_cure(
    put: Put, folder: Path, runtime: Runtime
) -> None:
    put("bright/1")
    shutil.copytree(folder / "bright/1", folder / "flat")
    shelf = Shelf(folder, runtime.load)
    assert served(shelf) == ["bright/1"]
    (bad,) = shelf.now.unserved
    assert (bad.version, "Name it by a number, as 1." in bad.problem) == ("flat", True)


def test_a_lone_version_is_refused_with_where_to_point(
    put: Put, folder: Path, runtime: Runtime
) -> None:
    put("bright/1")
    with pytest.raises(BadSettings, match=r"is itself a version of a model.*the folder above"):
        Shelf(folder / "bright/1", runtime.load)

"""A shelf follows its folder: what comes, changes, goes, and is not whole yet."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.device.model import Model
from boxwright.device.runtime import Runtime
from boxwright.shelf.bundle import Bundle
from boxwright.shelf.shelf import Shelf
from boxwright_contract import card
from boxwright_contract.errors import CannotChange, UnknownName

Put = Callable[..., Path]
Edit = Callable[..., None]


async def looks(shelf: Shelf, number: int = 2) -> None:
    for _ in range(number):
        await shelf.follow()


def served(shelf: Shelf) -> list[str]:
    return [str(model.bundle) for model in shelf.now.models]


def test_a_version_that_comes_is_served_once_its_files_stay_as_they_are(
    put: Put, folder: Path, runtime: Runtime
) -> None:
    put("bright/1")

    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        put("bright/2")
        await looks(shelf, 1)
        assert served(shelf) == ["bright/1"]
        await looks(shelf, 1)
        assert served(shelf) == ["bright/2", "bright/1"]
        assert shelf.find("bright", "").bundle.version == 2
        await shelf.close()

    asyncio.run(run())


def test_a_folder_that_is_being_copied_is_left_alone_until_it_is_whole(
    put: Put, folder: Path, tmp_path: Path, runtime: Runtime
) -> None:
    put("bright/1")
    whole = (put("bright/2") / card.GRAPH_FILE).read_bytes()
    shutil.move(folder / "bright" / "2", tmp_path / "2")

    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        arriving = folder / "bright" / "2"
        arriving.mkdir()
        for copied in range(0, len(whole), len(whole) // 5):
            (arriving / card.GRAPH_FILE).write_bytes(whole[:copied])
            await looks(shelf, 1)
            assert served(shelf) == ["bright/1"]
            assert shelf.now.unserved == ()
        (arriving / card.GRAPH_FILE).write_bytes(whole)
        shutil.copy(tmp_path / "2" / card.CARD_FILE, arriving)
        await looks(shelf)
        assert served(shelf) == ["bright/2", "bright/1"]
        await shelf.close()

    asyncio.run(run())


def test_a_copy_that_stops_halfway_is_listed_and_served_when_it_goes_on(
    put: Put, folder: Path, runtime: Runtime
) -> None:
    put("bright/1")

    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        graph = put("bright/2") / card.GRAPH_FILE
        whole = graph.read_bytes()
        graph.write_bytes(whole[:100])
        await looks(shelf)
        (bad,) = shelf.now.unserved
        assert (bad.name, bad.version) == ("bright", "2")
        assert "was altered" in bad.problem
        graph.write_bytes(whole)
        await looks(shelf)
        assert served(shelf) == ["bright/2", "bright/1"]
        assert shelf.now.unserved == ()
        await shelf.close()

    asyncio.run(run())


def test_a_version_that_goes_is_served_no_longer(put: Put, folder: Path, runtime: Runtime) -> None:
    put("bright/1")
    put("bright/2")

    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        shutil.rmtree(folder / "bright" / "2")
        await looks(shelf)
        assert served(shelf) == ["bright/1"]
        with pytest.raises(UnknownName, match=r"no version of model 'bright' named '2'"):
            shelf.find("bright", "2")
        await shelf.close()

    asyncio.run(run())


def test_new_bytes_of_a_version_take_its_place(put: Put, folder: Path, runtime: Runtime) -> None:
    put("bright/1", min_score=0.5)

    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        put("bright/1", min_score=0.25)
        await looks(shelf)
        assert shelf.find("bright", "1").bundle.card.min_score == 0.25
        await shelf.close()

    asyncio.run(run())


def test_files_that_are_copied_again_change_nothing(
    put: Put, folder: Path, runtime: Runtime
) -> None:
    put("bright/1")

    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        before = shelf.find("bright", "1")
        put("bright/1")
        await looks(shelf)
        assert shelf.find("bright", "1") is before
        await shelf.close()

    asyncio.run(run())


def test_a_version_that_fails_verification_leaves_the_old_one_serving_and_says_why(
    put: Put, edit: Edit, folder: Path, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING")
    place = put("bright/1", min_score=0.5)

    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        edit(place, min_score=0.25, graph_sha256="0" * 64)
        await looks(shelf, 5)
        assert shelf.find("bright", "1").bundle.card.min_score == 0.5
        (bad,) = shelf.now.unserved
        assert "was altered" in bad.problem
        assert bad.problem.endswith("What it held before is still served.")
        assert [record.message for record in caplog.records if "altered" in record.message] == [
            f"not served: bright/1: {folder}/{bad.problem}"  # once, not at every look
        ]
        put("bright/1", min_score=0.25)
        await looks(shelf)
        assert shelf.find("bright", "1").bundle.card.min_score == 0.25
        assert shelf.now.unserved == ()
        await shelf.close()

    asyncio.run(run())


def test_a_bad_version_is_not_tried_again_until_its_files_change(
    put: Put, edit: Edit, folder: Path, runtime: Runtime
) -> None:
    put("bright/1")
    place = put("bright/2", min_score=0.5)
    tried: list[str] = []

    def load(bundle: Bundle) -> Model:
        tried.append(str(bundle))
        return runtime.load(bundle)

    async def run() -> None:
        shelf = Shelf(folder, load)
        del tried[:]
        edit(place, classes=["only", "two"], most_detections=2)
        await looks(shelf, 6)
        assert tried == ["bright/2"]
        edit(place, most_detections=3)
        await looks(shelf, 6)
        assert tried == ["bright/2", "bright/2"]
        await shelf.close()

    asyncio.run(run())


def test_a_folder_that_cannot_be_read_changes_nothing(
    put: Put, folder: Path, tmp_path: Path, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING")
    put("bright/1")

    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        shutil.move(folder, tmp_path / "away")
        await looks(shelf, 4)
        assert served(shelf) == ["bright/1"]
        assert [record.message for record in caplog.records].count(
            f"nothing changes: {folder} cannot be read: "
            f"[Errno 2] No such file or directory: '{folder}'"
        ) == 1
        with pytest.raises(CannotChange, match=r"cannot be read.*No such file"):
            await shelf.load("bright")
        await shelf.close()

    asyncio.run(run())


def test_a_fault_of_our_own_while_loading_is_logged_and_the_old_version_serves(
    put: Put, folder: Path, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    put("bright/1")

    def load(bundle: Bundle) -> Model:
        if bundle.card.min_score == 0.25:
            raise ZeroDivisionError("secret")
        return runtime.load(bundle)

    async def run() -> None:
        shelf = Shelf(folder, load)
        put("bright/1", min_score=0.25)
        await looks(shelf)
        assert shelf.find("bright", "1").bundle.card.min_score == 0.75
        (bad,) = shelf.now.unserved
        assert bad.problem.startswith("loading it failed inside: see the server's log.")
        assert "secret" in caplog.text
        await shelf.close()

    asyncio.run(run())


@pytest.mark.parametrize("name", ["01", "\N{ARABIC-INDIC DIGIT ONE}", "-1", "one"])
def test_a_version_is_named_by_a_number_as_it_is_written(
    name: str, put: Put, folder: Path, runtime: Runtime
) -> None:
    put("bright/1")
    put(f"bright/{name}")
    shelf = Shelf(folder, runtime.load)
    assert served(shelf) == ["bright/1"]
    assert "is not named by a version" in shelf.now.unserved[0].problem

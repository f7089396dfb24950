"""Folders of models as they are in the field: with broken links, and what is not ours."""

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boxwright.device.runtime import Runtime
from boxwright.shelf.shelf import Shelf

Put = Callable[..., Path]
NOBODY = 65534


def served(shelf: Shelf) -> list[str]:
    return [str(model.bundle) for model in shelf.now.models]


@pytest.mark.parametrize("target", ["nowhere", "odd"], ids=["dangling", "circular"])
def test_a_broken_link_beside_a_model_hides_nothing(
    put: Put, folder: Path, runtime: Runtime, target: str
) -> None:
    (put("bright/1") / "odd").symlink_to(target)
    put("bright/2")

    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        assert served(shelf) == ["bright/2", "bright/1"]
        (put("bright/2") / "odd").symlink_to(target)
        for _ in range(3):
            await shelf.follow()
        assert served(shelf) == ["bright/2", "bright/1"]
        await shelf.close()

    asyncio.run(run())


def test_a_model_whose_graph_is_a_broken_link_is_listed_with_the_reason(
    put: Put, folder: Path, runtime: Runtime
) -> None:
    put("bright/1")
    graph = put("bright/2") / "model.onnx"
    graph.unlink()
    graph.symlink_to("nowhere")
    shelf = Shelf(folder, runtime.load)
    assert served(shelf) == ["bright/1"]
    assert [(bad.name, bad.version) for bad in shelf.now.unserved] == [("bright", "2")]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody can reach, as pytest's own are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def not_root() -> Iterator[None]:
    """Root may read everything: be somebody else meanwhile."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(before)


def test_a_folder_that_may_not_be_read_is_told_once_and_keeps_no_other_out(
    make_bundle: Callable[..., Path],
    open_folder: Path,
    runtime: Runtime,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    make_bundle(open_folder / "bright" / "1")
    make_bundle(open_folder / "dark" / "1")
    lost = open_folder / "lost+found"
    lost.mkdir(mode=0o700)
    caplog.set_level(logging.WARNING)

    async def run() -> None:
        lost.chmod(0)
        request.getfixturevalue("not_root")
        shelf = Shelf(open_folder, runtime.load)
        assert served(shelf) == ["bright/1", "dark/1"]
        for _ in range(3):
            await shelf.follow()
        assert [text for text in caplog.messages if "lost+found" in text] == [
            f"{lost} cannot be read: Permission denied. What it may hold stays as it is."
        ]
        await shelf.close()

    asyncio.run(run())


def test_a_model_whose_folder_cannot_be_read_any_more_is_served_on(
    make_bundle: Callable[..., Path],
    open_folder: Path,
    runtime: Runtime,
    request: pytest.FixtureRequest,
) -> None:
    make_bundle(open_folder / "bright" / "1")
    dark = make_bundle(open_folder / "dark" / "1").parent
    (dark / "aliases.json").write_text('{"stable": 1}')

    async def run() -> None:
        shelf = Shelf(open_folder, runtime.load)
        dark.chmod(0)
        request.getfixturevalue("not_root")
        for _ in range(3):
            await shelf.follow()
        assert served(shelf) == ["bright/1", "dark/1"]
        assert shelf.find("dark", "stable").bundle.version == 1
        await shelf.close()

    asyncio.run(run())

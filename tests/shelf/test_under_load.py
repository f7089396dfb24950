"""Models come and go while requests are inside: none of these fails, and none is left behind."""

import asyncio
import gc
import shutil
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from boxwright.client import Client
from boxwright.device.model import Model
from boxwright.device.runtime import Runtime
from boxwright.shelf.shelf import Shelf

Put = Callable[..., Path]
Serve = Callable[..., AbstractContextManager[Client]]
Wait = Callable[[Callable[[], bool]], None]

IMAGE = np.zeros((64, 64, 3), np.uint8)
ASKERS = 6


@contextmanager
def asking(client: Client, **options: str) -> Iterator[Counter[str]]:
    """Ask on several threads until the block ends; count the answers by version."""
    answers: Counter[str] = Counter()
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            answers[client.detect(IMAGE, **options).version] += 1  # type: ignore[arg-type]

    with ThreadPoolExecutor(ASKERS) as threads:
        askers = [threads.submit(ask) for _ in range(ASKERS)]
        try:
            yield answers
        finally:
            over.set()
        for asker in askers:
            asker.result()  # what any of them raised


def alive(folder: Path) -> int:
    """Count the models of a folder that this process holds in memory."""
    found = (each for each in gc.get_objects() if type(each) is Model)
    return sum(model.bundle.graph.is_relative_to(folder) for model in found)


def reached(answers: Counter[str], version: str, number: int) -> bool:
    return answers[version] >= number


def test_no_request_fails_while_a_version_comes_changes_and_goes(
    put: Put, serve: Serve, folder: Path, wait_until: Wait
) -> None:
    put("bright/1")
    with serve() as client, asking(client) as answers:
        wait_until(lambda: answers["1"] > 20)
        put("bright/2")
        wait_until(lambda: answers["2"] > 20)
        before = client.model("bright").min_score
        put("bright/2", min_score=before / 2)
        wait_until(lambda: client.model("bright").min_score == before / 2)
        shutil.rmtree(folder / "bright" / "1")
        wait_until(lambda: [model.version for model in client.models()] == ["2"])
        put("bright/3")
        wait_until(lambda: answers["3"] > 20)
        shutil.rmtree(folder / "bright" / "3")
        back = answers["2"]
        wait_until(lambda: answers["2"] > back + 20)
        wait_until(lambda: alive(folder) == 1)


def test_no_request_for_an_alias_fails_while_it_moves(
    put: Put, serve: Serve, wait_until: Wait
) -> None:
    put("bright/1")
    put("bright/2")
    with serve(admin=True) as client:
        client.set_alias("bright", "stable", "1")
        with asking(client, version="stable") as answers:
            for version in ("1", "2", "1", "2"):
                client.set_alias("bright", "stable", version)
                enough = answers[version] + 5
                wait_until(partial(reached, answers, version, enough))


def test_an_unload_waits_for_the_requests_inside_and_they_are_answered(
    put: Put, serve: Serve, wait_until: Wait
) -> None:
    put("slow/1", multiplications=5)
    put("other/1")
    with serve(admin=True, max_batch=1, lanes=1) as client, ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(client.detect, IMAGE, model="slow") for _ in range(8)]
        wait_until(lambda: any(each.done() for each in asked))
        assert not all(each.done() for each in asked), "all were answered: make the model slower"
        assert client.unload_model("slow") == ()
        answered = time.monotonic()
        assert [each.result().version for each in asked] == ["1"] * 8
        assert time.monotonic() - answered < 1


def test_a_model_is_kept_while_a_request_uses_it_and_let_go_at_once_after(
    put: Put, folder: Path, runtime: Runtime
) -> None:
    put("bright/1")

    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        with shelf.visit() as models:
            kept = weakref.ref(models.find("bright", "1"))
            unload = asyncio.create_task(shelf.unload("bright", "1"))
            while shelf.now.models:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.05)
            assert not unload.done()
            assert kept() is not None
        await unload
        await shelf.close()
        assert kept() is None

    gc.disable()  # nothing may need it
    try:
        asyncio.run(run())
    finally:
        gc.enable()


def test_a_change_whose_caller_gave_up_is_carried_through(
    put: Put, folder: Path, runtime: Runtime
) -> None:
    put("bright/1")

    async def run() -> None:
        shelf = Shelf(folder, runtime.load)
        put("bright/2")
        call = asyncio.create_task(shelf.load("bright"))
        await asyncio.sleep(0)
        call.cancel()
        await shelf.close()
        assert [model.bundle.version for model in shelf.now.models] == [2, 1]

    asyncio.run(run())

"""The models that are served, while they come and go.

Only for the event loop's thread. What takes time is done on a thread of the shelf's own, one change
after another, and each change puts another frozen `Repository` in the place of the one before.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from boxwright.device.model import Model
from boxwright.shelf.aliases import check_alias
from boxwright.shelf.changes import Changes
from boxwright.shelf.memory import give_back
from boxwright.shelf.places import ALIASES_FILE, Files, Look, look
from boxwright.shelf.slots import (
    UNLOADED,
    Load,
    Slot,
    filled,
    followed,
    nothing_in,
    refilled,
    rewritten,
    served,
)
from boxwright.shelf.visits import Visit, Visits
from boxwright_contract.errors import BadInput, BadSettings, CannotChange, UnknownName

log = logging.getLogger(__name__)

Versions = tuple[str, ...]
"""Of one model, newest first."""


class Shelf:
    """The models of a folder that are served now."""

    def __init__(self, folder: Path, load: Load) -> None:
        """Serve the models of `folder`, each made ready by `load`; the bad ones are listed.

        Raises:
            BadSettings: The folder cannot be read, or not one model in it can be served.
        """
        self._folder = folder
        self._load = load
        self._visits = Visits()
        self._changes = Changes()
        self._unreadable = ""
        self._closed: set[Path] = set()
        try:
            self._seen = look(folder)
        except OSError as error:
            raise BadSettings(
                f"the folder of models, {folder}, cannot be read: {error}. Let the server read it, "
                "or name another with BOXWRIGHT_MODELS (--models)."
            ) from error
        self._tell_closed(self._seen)
        self._slots: dict[Path, Slot] = {
            place: filled(place, files, None, load) for place, files in self._seen.versions.items()
        }
        self._aliases = followed({}, self._seen, self._seen)
        self.now = served(self._slots, self._aliases)
        """What is served now: another one after each change."""
        if not self.now.models:
            raise nothing_in(folder, self.now)
        give_back()

    def find(self, name: str, version: str) -> Model:
        """Return a model, which may go at any moment; see `Repository.find`."""
        return self.now.find(name, version)

    def visit(self) -> AbstractContextManager[Visit]:
        """Return a visit, for one request: the models that it finds are kept until it ends."""
        return self._visits.visit(self.find)

    async def follow(self) -> None:
        """Look at the folder, and take over what came, changed or went.

        What is still being copied waits: its files must be as they were at the look before.
        """
        await self._changes.alone(self._follow)

    async def load(self, name: str, version: str = "") -> Versions:
        """Serve a version of a model, or all that the folder has, and tell what is served then.

        Raises:
            BadInput: No name.
            UnknownName: The folder has no such model or version.
            CannotChange: One cannot be served; what was served before still is.
        """
        return await self._changes.alone(lambda: self._load_all(_named(name), version))

    async def unload(self, name: str, version: str = "") -> Versions:
        """Stop serving a version of a model, or all, until it is loaded by a call.

        Returns when the requests inside are through, with what is still served.

        Raises:
            BadInput: No name.
            UnknownName: It is not served.
        """
        leaving = await self._changes.alone(lambda: self._unload_all(_named(name), version))
        await asyncio.wait(leaving)
        return self.now.versions_of(name)

    async def set_alias(self, name: str, alias: str, version: str) -> None:
        """Let a name stand for a version, and write that to the folder.

        Raises:
            BadInput: No name of a model, or one that cannot be an alias.
            UnknownName: No such version is served.
            CannotChange: The folder cannot be written, or its file of aliases is broken.
        """
        check_alias(alias)
        number = self.find(_named(name), version).bundle.version
        await self._changes.alone(lambda: self._rewrite(name, lambda held: {**held, alias: number}))

    async def remove_alias(self, name: str, alias: str) -> None:
        """Take such a name away.

        Raises:
            BadInput: No name of a model.
            UnknownName: No such model is served, or it has no such alias.
            CannotChange: The folder cannot be written, or its file of aliases is broken.
        """

        def without(held: dict[str, int]) -> dict[str, int]:
            if alias not in held:
                raise UnknownName.among(f"alias of model '{name}'", alias, held)
            return {each: number for each, number in held.items() if each != alias}

        await self._changes.alone(lambda: self._rewrite(_named(name), without))

    async def close(self) -> None:
        """End the changes at work, and the thread. No request may be inside."""
        await self._changes.close()

    async def _follow(self) -> None:
        try:
            seen = await self._changes.do(lambda: look(self._folder))
        except OSError as error:
            self._tell_unreadable(f"{self._folder} cannot be read: {error}")
            return
        self._tell_unreadable("")
        self._tell_closed(seen)
        before, self._seen = self._seen, seen
        for place, files in seen.settled_since(before).versions.items():
            slot = self._slots.get(place)
            if slot is None or not (slot.unloaded or slot.files == files):
                await self._fill(place, files)
        for place in set(self._slots).difference(seen.versions, before.versions):
            if place.parent not in seen.closed:
                self._put(place, None)
        self._aliases = await self._changes.do(partial(followed, self._aliases, before, seen))
        self.now = served(self._slots, self._aliases)

    async def _load_all(self, name: str, version: str) -> Versions:
        try:
            seen = await self._changes.do(lambda: look(self._folder))
        except OSError as error:
            raise CannotChange(
                f"the server's folder of models cannot be read: {error.strerror}. Mend it."
            ) from error
        own = {place.name: place for place in seen.versions if place.parent.name == name}
        if not own:
            raise UnknownName.among("model", name, {place.parent.name for place in seen.versions})
        if version and version not in own:
            raise UnknownName.among(f"version of model '{name}'", version, own)
        problems = []
        for place in (own[version],) if version else own.values():
            await self._fill(place, seen.versions[place])
            if self._slots[place].problem:
                problems.append(f"{name}/{place.name}: {self._slots[place].problem}")
        served_now = self.now.versions_of(name)
        if problems:
            told = ", ".join(served_now) or "none"
            raise CannotChange(f"{' '.join(problems)} Served of '{name}' now: {told}.")
        return served_now

    async def _unload_all(self, name: str, version: str) -> "list[asyncio.Task[None]]":
        found = self.find(name, version)
        leaving = []
        for place, slot in list(self._slots.items()):
            its = slot.model
            if its is not None and (its is found or (not version and place.parent.name == name)):
                leaving += self._put(place, Slot(slot.files, problem=UNLOADED, unloaded=True))
        return leaving

    async def _rewrite(self, name: str, edit: Callable[[dict[str, int]], dict[str, int]]) -> None:
        folders = {place.parent.name: place.parent for place in self._slots}
        if name not in folders:
            raise UnknownName.among("model", name, folders)
        file = folders[name] / ALIASES_FILE
        self._aliases[file] = await self._changes.do(lambda: rewritten(file, edit))
        self.now = served(self._slots, self._aliases)

    async def _fill(self, place: Path, files: Files) -> None:
        before = self._slots.get(place)
        self._put(
            place, await self._changes.do(partial(refilled, place, files, before, self._load))
        )

    def _put(self, place: Path, slot: Slot | None) -> "list[asyncio.Task[None]]":
        """Put what became of a version in its place, and return what lets go of the one before."""
        before = self._slots.pop(place, None)
        if slot is not None:
            self._slots[place] = slot
        self.now = served(self._slots, self._aliases)
        old = None if before is None else before.model
        new = None if slot is None else slot.model
        if new is old:
            return []
        if new is not None:
            log.info("now served: %s", new.bundle)
        return [] if old is None else [self._changes.start(self._let_go(old))]

    async def _let_go(self, model: Model) -> None:
        await self._visits.end_of(model)
        log.info("no longer served: %s", model.bundle)
        sessions: list[object] = [model.session, model.alone, model.conclusion]
        del model
        for _ in range(len(sessions)):
            # Each keeps Python still while it ends, so others have a turn between them.
            await self._changes.do(partial(sessions.__delitem__, -1))
        await self._changes.do(give_back)

    def _tell_unreadable(self, reason: str) -> None:
        if reason and reason != self._unreadable:
            log.warning("nothing changes: %s", reason)
        self._unreadable = reason

    def _tell_closed(self, seen: Look) -> None:
        for folder in set(seen.closed) - self._closed:
            reason = seen.closed[folder]
            log.warning("%s cannot be read: %s. What it may hold stays as it is.", folder, reason)
        self._closed = set(seen.closed)


def _named(name: str) -> str:
    if not name:
        raise BadInput("the request names no model. Name one.")
    return name

"""What became of each version on disk, and of the aliases; together they are what is served."""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from boxwright.device.model import Model
from boxwright.shelf import aliases, bundle
from boxwright.shelf.bundle import Bundle
from boxwright.shelf.places import Files, Look, files_of
from boxwright.shelf.repository import Alias, Repository, Unserved
from boxwright_contract.card import CARD_FILE
from boxwright_contract.errors import BadBundle, BadSettings, CannotChange

log = logging.getLogger(__name__)

UNLOADED = "it was unloaded by a call. `boxwright admin load` brings it back."

Load: TypeAlias = Callable[[Bundle], Model]
"""Bundle -> a model that is ready to serve. Raises BadBundle."""


@dataclass(frozen=True)
class Slot:
    """What became of one version."""

    files: Files
    """As they were when it was last tried."""
    model: Model | None = None
    """What is served."""
    problem: str = ""
    """Why what the files hold is not served."""
    unloaded: bool = False
    """By a call: it stays out, whatever becomes of its files, until a call brings it back."""


@dataclass(frozen=True)
class AliasSlot:
    """What became of the aliases of one model."""

    files: Files
    aliases: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""
    """Why what the file holds does not count."""


def filled(place: Path, files: Files, before: Slot | None, load: Load) -> Slot:
    """Return what becomes of a version now; where it is bad, what it was `before` still serves."""
    old = None if before is None else before.model
    try:
        found = bundle.read(place)
        if old is not None and old.bundle == found:
            return Slot(files, old)
        return Slot(files, load(found))
    except BadBundle as problem:
        return _kept(place, files, old, str(problem))


def refilled(place: Path, files: Files, before: Slot | None, load: Load) -> Slot:
    """Return what becomes of a version now, whatever goes wrong: the others are being served."""
    try:
        return filled(place, files, before, load)
    except Exception:
        log.exception("%s/%s cannot be loaded", place.parent.name, place.name)
        old = None if before is None else before.model
        return _kept(place, files, old, "loading it failed inside: see the server's log.")


def _kept(place: Path, files: Files, old: Model | None, problem: str) -> Slot:
    if old is not None:
        problem += " What it held before is still served."
    log.warning("not served: %s/%s: %s", place.parent.name, place.name, problem)
    return Slot(files, old, _for_callers(problem, place.parent))


def _for_callers(problem: str, model: Path) -> str:
    """Return a problem with paths that begin at the model's folder; where it lies is not told."""
    return problem.replace(f"{model.parent}{os.sep}", "")


def _read_aliases(file: Path, files: Files, before: AliasSlot | None) -> AliasSlot:
    """Return what becomes of a model's aliases; where they are broken, those `before` hold."""
    try:
        return AliasSlot(files, aliases.read(file))
    except BadBundle as problem:
        log.warning("aliases of %s: %s", file.parent.name, problem)
        told = _for_callers(str(problem), file.parent)
        return replace(before or AliasSlot(files), files=files, problem=told)


def followed(slots: Mapping[Path, AliasSlot], before: Look, seen: Look) -> dict[Path, AliasSlot]:
    """Return what becomes of all aliases after a look, of which the one `before` is known."""
    there = {
        file: slot
        for file, slot in slots.items()
        if file in {*before.aliases, *seen.aliases} or file.parent in seen.closed
    }
    for file, files in seen.settled_since(before).aliases.items():
        slot = slots.get(file)
        if slot is None or slot.files != files:
            there[file] = _read_aliases(file, files, slot)
    return there


def rewritten(file: Path, edit: Callable[[dict[str, int]], dict[str, int]]) -> AliasSlot:
    """Return what becomes of a model's aliases after an edit, which the file then holds.

    Raises:
        CannotChange: The file is broken, or its folder cannot be written.
    """
    try:
        held = aliases.read(file) if file.exists() else {}
    except BadBundle as problem:
        raise CannotChange(_for_callers(str(problem), file.parent)) from problem
    new = edit(dict(held))
    aliases.write(file, new)
    return AliasSlot(files_of(file), new)


def served(slots: Mapping[Path, Slot], aliases: Mapping[Path, AliasSlot]) -> Repository:
    """Return what all these are together."""
    models = [slot.model for slot in slots.values() if slot.model is not None]
    models.sort(key=lambda model: (model.bundle.name, -model.bundle.version))
    there = {(model.bundle.name, model.bundle.version) for model in models}
    known = [
        Alias(file.parent.name, alias, version)
        for file, slot in sorted(aliases.items())
        for alias, version in sorted(slot.aliases.items())
    ]
    unserved = [
        *(
            Unserved(place.parent.name, place.name, slot.problem)
            for place, slot in sorted(slots.items())
            if slot.problem
        ),
        *(
            Unserved(file.parent.name, file.name, slot.problem, is_version=False)
            for file, slot in sorted(aliases.items())
            if slot.problem
        ),
        *(_dangling(each) for each in known if (each.model, each.version) not in there),
    ]
    resolved = (each for each in known if (each.model, each.version) in there)
    return Repository(tuple(models), tuple(unserved), tuple(resolved))


def _dangling(alias: Alias) -> Unserved:
    return Unserved(
        alias.model,
        alias.alias,
        f"this alias stands for version {alias.version}, which is not served. Set it to one that "
        "is, or remove it.",
        is_version=False,
    )


def nothing_in(folder: Path, found: Repository) -> BadSettings:
    """Return the error for a folder of which nothing can be served."""
    if (folder / CARD_FILE).is_file():
        return BadSettings(
            f"{folder} is itself a version of a model, and has no name to serve it under. Lay it "
            "out as <name>/<version>/, and name the folder above <version> or that above <name> "
            "with BOXWRIGHT_MODELS (--models)."
        )
    reasons = "".join(f"\n  {bad.name}/{bad.version}: {bad.problem}" for bad in found.unserved)
    return BadSettings(
        f"no model in {folder} can be served. Put one there as <name>/<version>/model.onnx "
        "and model.json, as `boxwright export` writes it, or name another folder with "
        f"BOXWRIGHT_MODELS (--models).{reasons}"
    )

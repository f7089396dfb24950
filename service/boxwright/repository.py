"""The models that are served: found in a folder, loaded, and looked up by name and version."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from boxwright import bundle
from boxwright.bundle import Bundle
from boxwright.model import Model
from boxwright_contract.errors import BadBundle, BadInput, BadSettings, UnknownName


@dataclass(frozen=True)
class Unserved:
    """A folder of models/<name>/<version>/ that cannot be served, and why."""

    name: str
    version: str
    problem: str


@dataclass(frozen=True)
class Repository:
    """The set of models being served."""

    models: tuple[Model, ...]
    """By name, and newest first in a name."""
    unserved: tuple[Unserved, ...] = ()

    @classmethod
    def load(cls, folder: Path, load: Callable[[Bundle], Model]) -> "Repository":
        """Return the models of `folder`, each made ready by `load`; the bad ones are listed.

        Raises:
            BadSettings: Not one model can be served.
        """
        models: list[Model] = []
        unserved: list[Unserved] = []
        for place in _versions(folder):
            try:
                models.append(load(bundle.read(place)))
            except BadBundle as problem:
                unserved.append(Unserved(place.parent.name, place.name, str(problem)))
        if not models:
            reasons = "".join(f"\n  {bad.name}/{bad.version}: {bad.problem}" for bad in unserved)
            raise BadSettings(
                f"no model in {folder} can be served. Put one there as <name>/<version>/model.onnx "
                "and model.json, as `boxwright export` writes it, or name another folder with "
                f"BOXWRIGHT_MODELS (--models).{reasons}"
            )
        models.sort(key=lambda model: (model.bundle.name, -model.bundle.version))
        return cls(tuple(models), tuple(unserved))

    def find(self, name: str, version: str) -> Model:
        """Return a model; no name means the only one, no version the newest.

        Raises:
            BadInput: No name was given, and there are several.
            UnknownName: No such model or version is served.
        """
        names = sorted({model.bundle.name for model in self.models})
        if not name and len(names) > 1:
            raise BadInput(
                f"the request names no model, and several are served: {', '.join(names)}. Name one."
            )
        name = name or names[0]
        versions = {str(m.bundle.version): m for m in self.models if m.bundle.name == name}
        if version in versions:
            return versions[version]
        for bad in self.unserved:
            if bad.name == name and (bad.version == version or not versions):
                raise UnknownName(f"{name}/{bad.version} is there but not served: {bad.problem}")
        if not versions:
            raise UnknownName.among("model", name, names)
        if version:
            raise UnknownName.among(f"version of model '{name}'", version, versions)
        return next(iter(versions.values()))


def _versions(folder: Path) -> Iterator[Path]:
    for model in _folders(folder):
        yield from _folders(model)


def _folders(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )

"""The models that are served at one moment: looked up by name, version and alias."""

from dataclasses import dataclass

from boxwright.device.model import Model
from boxwright.shelf.aliases import LATEST
from boxwright_contract.errors import BadInput, UnknownName


@dataclass(frozen=True)
class Unserved:
    """What lies under models/<name>/ and is not served, and why."""

    name: str
    version: str
    """The name of its folder; or an alias that stands for nothing, or the file of the aliases."""
    problem: str
    """With paths that begin at the model's folder."""
    is_version: bool = True


@dataclass(frozen=True)
class Alias:
    """A name that stands for a version that is served."""

    model: str
    alias: str
    version: int


@dataclass(frozen=True)
class Repository:
    """The models that are served at one moment."""

    models: tuple[Model, ...]
    """By name, and newest first in a name."""
    unserved: tuple[Unserved, ...] = ()
    aliases: tuple[Alias, ...] = ()

    def find(self, name: str, version: str) -> Model:
        """Return a model; no name means the only one.

        Args:
            name: Of the model.
            version: A number, or an alias; "latest" or nothing for the newest.

        Raises:
            BadInput: No name was given, and there are several.
            UnknownName: No such model or version is served.
        """
        name = name or self._only_name()
        versions = {str(m.bundle.version): m for m in self.models if m.bundle.name == name}
        aliases = {each.alias: str(each.version) for each in self.aliases if each.model == name}
        wanted = aliases.get(version, version)
        if wanted in versions:
            return versions[wanted]
        if versions and wanted in ("", LATEST):
            return next(iter(versions.values()))
        for bad in self.unserved:
            if bad.name == name and (bad.version == version or not versions):
                raise UnknownName(f"{name}/{bad.version} is there but not served: {bad.problem}")
        if not versions:
            raise UnknownName.among("model", name, {model.bundle.name for model in self.models})
        raise UnknownName.among(f"version of model '{name}'", version, [*versions, *aliases])

    def versions_of(self, name: str) -> tuple[str, ...]:
        """Return the versions of a model that are served, newest first."""
        return tuple(str(m.bundle.version) for m in self.models if m.bundle.name == name)

    def aliases_of(self, model: Model) -> tuple[str, ...]:
        """Return the names that stand for a model."""
        its = model.bundle
        return tuple(
            each.alias
            for each in self.aliases
            if (each.model, each.version) == (its.name, its.version)
        )

    def _only_name(self) -> str:
        names = sorted({model.bundle.name for model in self.models})
        if not names:
            raise UnknownName(
                "this server serves no model now. Put one in its folder, or have one loaded that "
                "was unloaded: `boxwright admin load NAME`."
            )
        if len(names) > 1:
            raise BadInput(
                f"the request names no model, and several are served: {', '.join(names)}. Name one."
            )
        return names[0]

"""The folder of models: every version is verified, and told with its reason if it is bad."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from boxwright.doctor.finding import Concern, Finding
from boxwright.settings import Settings
from boxwright.shelf import aliases, bundle
from boxwright.shelf.bundle import Bundle
from boxwright.shelf.places import Files, Look
from boxwright.shelf.places import look as look_at
from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadBundle
from boxwright_contract.trust import Trust

MODELS = Concern("models")


def look(settings: Settings) -> Iterator[Finding]:
    """Read every bundle and every file of aliases."""
    try:
        seen = look_at(settings.models)
    except OSError as error:
        yield MODELS.problem(
            f"the folder {settings.models} cannot be read: {error}",
            "Let this user read it, or name another with BOXWRIGHT_MODELS (--models).",
        )
        return
    for folder, reason in seen.closed.items():
        yield MODELS.warning(f"{folder} cannot be read: {reason}", "Let this user read it.")
    good: list[Bundle] = []
    for place in seen.versions:
        try:
            good.append(bundle.read(place))
        except BadBundle as error:
            yield MODELS.warning(f"not served: {place.parent.name}/{place.name}: {error}")
    if not good:
        yield MODELS.problem(
            f"no model in {settings.models} can be served",
            "Put one there as <name>/<version>/model.onnx and model.json, as `boxwright export` "
            "writes it, or name another folder with BOXWRIGHT_MODELS (--models).",
        )
        return
    yield MODELS.ok(f"{', '.join(map(str, good))} in {settings.models}: cards and graphs agree")
    yield from _aliases(seen, good)
    yield from _sources(settings, good)


def _aliases(seen: Look, good: Sequence[Bundle]) -> Iterator[Finding]:
    """Tell of aliases that cannot be read, or stand for nothing."""
    there = {(each.name, each.version) for each in good}
    for file in seen.aliases:
        name = file.parent.name
        try:
            held = aliases.read(file)
        except BadBundle as error:
            yield MODELS.warning(str(error))
            continue
        for alias, version in held.items():
            if (name, version) not in there:
                yield MODELS.warning(
                    f"{name}/{alias} stands for version {version}, which is not served",
                    f"boxwright admin alias {name} {alias} VERSION, or mend {file}.",
                )


def _sources(settings: Settings, good: Sequence[Bundle]) -> Iterator[Finding]:
    """Tell of models whose proposal source is not installed."""
    rules = [(each, each.card.proposals) for each in good if each.card.proposals is not None]
    if not rules:
        return
    installed = Catalog.installed(Trust.told(settings.plugins_allow)).proposals
    for each, rule in rules:
        if rule.source not in installed:
            yield MODELS.warning(
                f"{each}: its proposal source '{rule.source}' is not installed, so every request "
                "must bring proposals",
                "Install its plugin, or allow it with BOXWRIGHT_PLUGINS_ALLOW (--plugins-allow).",
            )


def versions(folder: Path) -> Mapping[Path, Files]:
    """Return the versions in a folder of models; none where it cannot be read: `look` tells."""
    try:
        return look_at(folder).versions
    except OSError:
        return {}


def bundles(folder: Path) -> Iterator[Bundle]:
    """Yield the bundles of a folder that can be read."""
    for place in versions(folder):
        try:
            yield bundle.read(place)
        except BadBundle:
            continue

"""Plugins: what they offer, and those that are not used, with the reason."""

from collections.abc import Iterator

from boxwright.doctor.finding import Concern, Finding
from boxwright.settings import Settings
from boxwright_contract.catalog import Catalog
from boxwright_contract.trust import Trust

PLUGINS = Concern("plugins")


def look(settings: Settings) -> Iterator[Finding]:
    """Load the plugins as `serve` does."""
    trust = Trust.told(settings.plugins_allow)
    found = Catalog.installed(trust)
    parts = (
        f"{len(found.backbones)} backbones, {len(found.necks)} necks, {len(found.detectors)} "
        f"detectors, {len(found.proposals)} proposal sources"
    )
    kinds = (found.backbones, found.necks, found.detectors, found.proposals)
    owners = sorted({offer.distribution for kind in kinds for offer in kind.values()})
    yield PLUGINS.ok(f"{parts}, of {', '.join(owners)}")
    for bad in found.problems:
        who = f"{bad.entry_point} of {bad.distribution} {bad.version}"
        if trust.allows(bad.distribution):
            yield PLUGINS.warning(f"not used: {who}: {bad.reason}")
        else:
            yield PLUGINS.note(f"not used: {who}: {bad.reason}")
    for rude in found.warnings:
        yield PLUGINS.note(f"{rude.entry_point} of {rude.distribution}: {rude.reason}")

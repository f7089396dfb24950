"""Which distributions brought the plugins of a trained detector, and whether they are here."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from boxwright_contract.card import PluginRecord
from boxwright_contract.catalog import Offer
from boxwright_contract.parts import Backbone, Detector


def record_of(offer: Offer[Detector] | Offer[Backbone]) -> PluginRecord:
    """Return who brought a part."""
    return PluginRecord(
        name=offer.part.name, distribution=offer.distribution, version=offer.version
    )


def lacking(records: Iterable[PluginRecord | None]) -> str:
    """Return what was otherwise when `records` were made, and the cure; empty if nothing was."""
    sentences = []
    for record in filter(None, records):
        installed = _installed(record.distribution)
        if installed != record.version:
            here = f"and {installed} is installed" if installed else "which is not installed"
            sentences.append(
                f"It was trained with {record.name} of {record.distribution} {record.version}, "
                f"{here}. Install {record.distribution}=={record.version}."
            )
    return " ".join(sentences)


def _installed(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""

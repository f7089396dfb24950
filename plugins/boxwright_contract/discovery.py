"""Where plugins come from, and how a broken one is kept from hurting the rest."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions

from boxwright_contract import CONTRACT_VERSION
from boxwright_contract.errors import BadPlugin
from boxwright_contract.raised import cure, describe
from boxwright_contract.trust import Trust, normalized


@dataclass(frozen=True, order=True)
class Problem:
    """A plugin, or one of its parts, that cannot be used."""

    distribution: str
    entry_point: str
    version: str
    reason: str
    """What happened, then the cure."""


@dataclass(frozen=True)
class Source:
    """An entry point, and the distribution that declares it as pip names it."""

    entry: EntryPoint
    distribution: str
    version: str

    def problem(self, reason: str) -> Problem:
        """Return the problem that this entry point has."""
        return Problem(self.distribution, self.entry.name, self.version, reason)

    @contextmanager
    def isolated(self, problems: list[Problem], doing: str) -> Iterator[None]:
        """Run a stranger's code; whatever it raises ends the block and becomes a problem."""
        try:
            yield
        except KeyboardInterrupt:
            raise
        except BadPlugin as error:
            problems.append(self.problem(str(error)))
        # A plugin may raise anything at all, SystemExit included, and must not take the server
        # down with it.
        except BaseException as error:  # noqa: BLE001
            module = self.entry.module
            mended = cure(error, module, self.distribution)
            problems.append(self.problem(f"{doing} raised {describe(error, module)}. {mended}"))


def sources(group: str, trust: Trust, problems: list[Problem]) -> Iterator[Source]:
    """Find the entry points of a group. A distribution that is on the path twice counts once.

    `group` is that of the first contract; those of version n are in `<group>_n`. Distributions
    that are for other versions only, or not trusted, become problems unimported.
    """
    seen = set()
    for distribution in distributions():
        try:
            found = [
                (int(match[1] or 1), entry)
                for entry in distribution.entry_points
                if (match := re.fullmatch(rf"{group}(?:_([0-9]+))?", entry.group))
            ]
            if not found:
                continue
            name, version = distribution.name, distribution.version
        except Exception as error:  # noqa: BLE001 - a stranger's files may be damaged in any way
            reason = f"its metadata cannot be read: {describe(error)}. Install it again."
            problems.append(Problem(_folder(distribution), "entry_points.txt", "", reason))
            continue
        if normalized(name) in seen:
            continue
        seen.add(normalized(name))
        here = [entry for contract, entry in found if contract == CONTRACT_VERSION]
        for contract, entry in () if here else found:
            problems.append(Source(entry, name, version).problem(_other_contract(name, contract)))
        for entry in here:
            source = Source(entry, name, version)
            if trust.allows(name):
                yield source
            else:
                problems.append(source.problem(trust.refusal(name)))


def _other_contract(distribution: str, contract: int) -> str:
    newer = contract > CONTRACT_VERSION
    return (
        f"it was made for version {contract} of the plugin contract, and this Boxwright has "
        f"version {CONTRACT_VERSION}. "
        f"Install {'a newer boxwright' if newer else f'a newer {distribution}'}, or uninstall "
        f"{distribution}."
    )


def _folder(distribution: Distribution) -> str:
    """Return the name of the folder that holds a distribution's metadata."""
    return str(getattr(distribution, "_path", "unknown")).rsplit("/", 1)[-1]

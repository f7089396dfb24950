"""A part, and what its checks have found so far."""

from dataclasses import dataclass, field

from boxwright_contract.catalog import Catalog
from boxwright_contract.discovery import Problem
from boxwright_contract.errors import BadPlugin, UnknownName
from boxwright_workshop.conformance.detector_specimen import DetectorSpecimen
from boxwright_workshop.conformance.finding import Finding, Outcome, examine
from boxwright_workshop.conformance.proposal_checks import ProposalSpecimen
from boxwright_workshop.conformance.specimen import BackboneSpecimen, Specimen
from boxwright_workshop.conformance.suites import FOUNDATIONS, SUITES, names


@dataclass(frozen=True)
class Examination:
    """The checks of one part; each is made once."""

    kind: str
    """A key of `SUITES`."""
    specimen: Specimen
    done: dict[str, Finding] = field(default_factory=dict)

    @property
    def checks(self) -> list[str]:
        """Their names, in the order in which they are made."""
        return names(self.kind)

    def find(self, check: str) -> Finding:
        """Return what one check finds, or that something it stands on has failed."""
        if check not in self.done:
            self.done[check] = self._skipped(check) or self._examined(check)
        return self.done[check]

    def _examined(self, check: str) -> Finding:
        [function] = [known for known in SUITES[self.kind] if known.__name__ == check]
        return examine(function, self.specimen, self.specimen.module)

    def _skipped(self, check: str) -> Finding | None:
        for name in self.checks:
            if name == check:
                return None
            if name in FOUNDATIONS and self.find(name).outcome.status != "passed":
                seen = f"not looked at, because {name} failed"
                return Finding(check=check, outcome=Outcome("skipped", seen), seconds=0.0)
        return None


def examinations(name: str, kind: str = "") -> list[Examination]:
    """Return one for each part of that name.

    Args:
        name: Of a part; a backbone and a detector may share one.
        kind: Only this one, a key of `SUITES`. Empty: any.

    Raises:
        UnknownName: Nothing that works has that name.
        BadPlugin: The plugin of that name, or from a distribution of that name, cannot be used.
    """
    catalog = Catalog.installed()
    found: list[Examination] = []
    if kind in ("", "backbone") and (name in catalog.backbones or ":" in name):
        found.append(Examination("backbone", BackboneSpecimen(catalog.backbone_offer(name))))
    if kind in ("", "detector") and name in catalog.detectors:
        found.append(Examination("detector", DetectorSpecimen(catalog.detectors[name])))
    if kind in ("", "proposal source") and name in catalog.proposals:
        found.append(Examination("proposal source", ProposalSpecimen(catalog.proposals[name])))
    if found:
        return found
    broken = [bad for bad in catalog.problems if _tells_of(bad, name)]
    if broken:
        raise BadPlugin(" ".join(f"{bad.entry_point}: {bad.reason}" for bad in broken))
    known = (*catalog.backbones, *catalog.detectors, *catalog.proposals)
    raise UnknownName.among(kind or "plugin", name, known)


def _tells_of(problem: Problem, name: str) -> bool:
    owner = problem.distribution
    return name in (problem.entry_point, owner, owner.replace("-", "_")) or (
        f"'{name}'" in problem.reason
    )

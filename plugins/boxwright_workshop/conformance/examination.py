"""A part, and what its checks have found so far."""

from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, cast

from boxwright_contract.catalog import Catalog
from boxwright_contract.discovery import Problem
from boxwright_contract.errors import BadPlugin, UnknownName
from boxwright_workshop.conformance import suites
from boxwright_workshop.conformance.finding import Finding, Outcome, examine
from boxwright_workshop.conformance.specimen import AnyOffer, Specimen

if TYPE_CHECKING:
    from boxwright_workshop.conformance.backbone_cost import Cost


@dataclass(frozen=True)
class Examination:
    """The checks of one part; each is made once."""

    kind: str
    """A key of `SUITES`."""
    offer: AnyOffer
    done: dict[str, Finding] = field(default_factory=dict)

    @property
    def checks(self) -> list[str]:
        """Their names, in the order in which they are made."""
        return suites.names(self.kind)

    @cached_property
    def plain(self) -> Specimen:
        """The part as the first checks take it, without torch."""
        return Specimen(self.offer)

    @cached_property
    def specimen(self) -> Specimen:
        """The part as the other checks of its kind take it."""
        return suites.specimen(self.kind, self.offer)

    @property
    def cost(self) -> "Cost | None":
        """What one forward pass of a backbone costs; None of other parts, or if it cannot run."""
        if self.kind != "backbone" or self._lacking(suites.SUITES[self.kind][-1]):
            return None
        costs = import_module("boxwright_workshop.conformance.backbone_cost")
        return cast("Cost", costs.cost(self.specimen))

    def find(self, check: str) -> Finding:
        """Return what one check finds, or that something it stands on has failed."""
        if check not in self.done:
            self.done[check] = self._found(suites.path_of(self.kind, check))
        return self.done[check]

    def _found(self, path: str) -> Finding:
        lacking = self._lacking(path)
        if lacking:
            told = Outcome("skipped", f"not looked at: it needs {lacking} to pass first")
            return Finding(check=suites.name_of(path), outcome=told, seconds=0.0)
        specimen = self.plain if path in suites.IMPORT else self.specimen
        return examine(suites.function(path), specimen, self.offer.module)

    def _lacking(self, path: str) -> str:
        """Return the first check that did not pass, of those that `path` stands on."""
        for earlier in suites.SUITES[self.kind]:
            if earlier == path:
                break
            name = suites.name_of(earlier)
            if earlier in suites.FOUNDATIONS and self.find(name).outcome.status != "passed":
                return name
        return ""


def examinations(name: str, kind: str = "") -> list[Examination]:
    """Return one for each part of that name. Nothing here needs torch.

    Args:
        name: Of a part; a backbone and a detector may share one.
        kind: Only this one, a key of `SUITES`. Empty: any.

    Raises:
        UnknownName: Nothing that works has that name.
        BadPlugin: The plugin of that name, or from a distribution of that name, cannot be used,
            or somebody else has the name already.
    """
    catalog = Catalog.installed()
    refused = [bad for bad in catalog.problems if f"'{name}' is also offered" in bad.reason]
    if refused:
        raise BadPlugin(
            f"the name '{name}' is claimed more than once, so nothing was examined. "
            f"{_told(refused)}"
        )
    of_family = ":" in name and kind in ("", "backbone")
    offers: dict[str, AnyOffer | None] = {
        "backbone": catalog.backbone_offer(name) if of_family else catalog.backbones.get(name),
        "neck": catalog.necks.get(name),
        "detector": catalog.detectors.get(name),
        "proposal source": catalog.proposals.get(name),
    }
    found = [
        Examination(of_kind, offer)
        for of_kind, offer in offers.items()
        if offer is not None and kind in ("", of_kind)
    ]
    if found:
        return found
    broken = [bad for bad in catalog.problems if _tells_of(bad, name)]
    if broken:
        raise BadPlugin(_told(broken))
    known = {*catalog.backbones, *catalog.necks, *catalog.detectors, *catalog.proposals}
    unknown = UnknownName.among(kind or "plugin", name, known)
    raise UnknownName(
        f"{unknown} Is it installed in this environment? pip install --editable {name}"
    )


def _told(problems: list[Problem]) -> str:
    return " ".join(
        f"{bad.entry_point} of {bad.distribution} {bad.version}: {bad.reason}" for bad in problems
    )


def _tells_of(problem: Problem, name: str) -> bool:
    owner = problem.distribution
    return name in (problem.entry_point, owner, owner.replace("-", "_")) or (
        f"'{name}'" in problem.reason
    )

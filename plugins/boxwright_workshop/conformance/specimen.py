"""A part under examination. What needs torch is in the specimens of each kind."""

from dataclasses import dataclass
from functools import cached_property

from boxwright_contract.catalog import Offer
from boxwright_contract.parts import Backbone, Detector, Neck, ProposalSource
from boxwright_workshop.conformance.import_report import Report, import_alone

AnyOffer = Offer[Backbone] | Offer[Neck] | Offer[Detector] | Offer[ProposalSource]


@dataclass(frozen=True)
class Specimen:
    """Any part, and where it came from."""

    offer: AnyOffer

    @property
    def part(self) -> Backbone | Neck | Detector | ProposalSource:
        """The part itself."""
        return self.offer.part

    @property
    def distribution(self) -> str:
        """Who brought it, as pip names it."""
        return self.offer.distribution

    @property
    def module(self) -> str:
        """Where its plugin is."""
        return self.offer.module

    @cached_property
    def imported(self) -> Report:
        """What importing its plugin is like where there is no torch."""
        return import_alone(self.module, block=True)

"""The simulations of docs/growth.md. Each is about a fleet of the servers that were measured."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tests.bench.growth.measured import ServerMeasurement
from tests.bench.growth.scenario import (
    Arrivals,
    Balancing,
    Burst,
    Callers,
    End,
    Rollout,
    Scenario,
    Servers,
    ZoneLoss,
)

from boxwright.client.connection import RETRIES
from boxwright.settings import Settings

FLEET = 12
"""Servers, in three zones."""
UTILISATIONS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
FLEETS = (1, 3, FLEET)
POLICIES = (
    ("round robin, one balancer", Balancing("round robin")),
    ("two choices, one balancer", Balancing("two choices")),
    ("least request, one balancer", Balancing("least request")),
    ("two choices, 50 clients balance", Balancing("two choices", 50)),
    ("round robin, 50 clients balance", Balancing("round robin", 50)),
)
BURST = Burst(20, 30, 3.0)
"""Three times as much, for ten seconds."""
EVENT_S = 20.0
NOTICED_S = 2.0
"""Envoy asks for health each second and waits a second for the answer."""
IMPATIENT_S = 1.0
UNBOUNDED = 10**9
TOO_MUCH = (1.5, 10.0)
"""Times of what a server does, by callers in haste."""
PLACES_SHARE = 0.7
"""Of what a server does while its callers wait: places for so many."""

OURS = Callers(patience_s=Settings().timeout_s, attempts=1 + RETRIES)
"""Boxwright's client."""
RASH = Callers(
    patience_s=IMPATIENT_S,
    attempts=4,
    again_after=frozenset({End.REFUSED, End.LOST, End.LATE}),
    waits_as_told=False,
)
"""Waits a second, then asks again at once, up to three times."""


@dataclass(frozen=True)
class Fleet:
    """Servers as they were measured."""

    found: ServerMeasurement

    def servers(self, count: int = FLEET) -> Servers:
        """Return so many of them, in three zones."""
        return Servers(
            count=count,
            lanes=self.found.lanes,
            service=self.found.busy,
            alone=self.found.alone,
            zones=3,
            most_inside=Settings().max_requests,
            foresees=True,
        )

    def rate_per_s(self, utilisation: float, count: int = FLEET) -> float:
        """Return the images a second that make them so busy."""
        return utilisation * count * self.found.capacity_per_s

    def filled(self, utilisation: float, count: int = FLEET) -> Scenario:
        """Return so many servers, so busy; about 20,000 images, or a minute."""
        rate_per_s = self.rate_per_s(utilisation, count)
        return Scenario(
            arrivals=Arrivals(rate_per_s=rate_per_s),
            servers=self.servers(count),
            callers=OURS,
            seconds=max(60.0, 20_000 / rate_per_s),
        )

    def slow(self, balancing: Balancing) -> Scenario:
        """Return a fleet of which one server takes three times as long."""
        filled = self.filled(0.6)
        servers = replace(filled.servers, slow=1, slower_times=3.0)
        return replace(filled, servers=servers, balancing=balancing)

    def in_groups(self, together: int) -> Scenario:
        """Return a fleet that is asked for many images at once."""
        filled = self.filled(0.6)
        arrivals = Arrivals(rate_per_s=self.rate_per_s(0.6), together=together)
        return replace(filled, arrivals=arrivals)

    def overloads(self) -> Mapping[str, Scenario]:
        """Return fleets that are asked for three times as much, for a while."""
        arrivals = Arrivals(rate_per_s=self.rate_per_s(0.6), bursts=(BURST,))
        ours = replace(self.filled(0.6), arrivals=arrivals, seconds=90.0)
        patient = replace(ours, callers=replace(OURS, patience_s=IMPATIENT_S))
        rash = replace(ours, callers=RASH)
        endless = replace(
            rash,
            servers=replace(
                ours.servers, most_inside=UNBOUNDED, drops_expired=False, foresees=False
            ),
        )
        budget = replace(endless, callers=replace(RASH, budget=0.1))
        return {
            "Boxwright: refuses, and its client waits as told": patient,
            "refuses, but callers ask again at once": rash,
            "takes all, works for callers that are gone, who ask again": endless,
            "the same, repeats within a budget of 10 %": budget,
        }

    def hurried(self, patience_s: float, times: float) -> Scenario:
        """Return one server that is asked for so many times what it does, by callers in haste.

        Who is refused goes: the question is what the server makes of those that it takes.
        """
        return Scenario(
            arrivals=Arrivals(rate_per_s=times * self.found.capacity_per_s),
            servers=self.servers(1),
            callers=Callers(patience_s=patience_s),
            seconds=120.0,
        )

    def short_sighted(self, patience_s: float, times: float, places: int) -> Scenario:
        """Return the same, but that the server refuses nobody while it has so many places."""
        hurried = self.hurried(patience_s, times)
        servers = replace(hurried.servers, most_inside=places, foresees=False)
        return replace(hurried, servers=servers)

    def places_for(self, patience_s: float) -> int:
        """Return how many places would do, that whom it takes are answered in time."""
        within = round(PLACES_SHARE * patience_s * self.found.capacity_per_s)
        return max(self.found.lanes, within)

    def zone_loss(self, utilisation: float) -> Scenario:
        """Return a fleet that loses one of three zones."""
        filled = replace(self.filled(utilisation), seconds=60.0)
        return replace(filled, loss=ZoneLoss(EVENT_S, 0, NOTICED_S))

    def rollout(self, utilisation: float, at_once: int) -> Scenario:
        """Return a fleet of which every server is replaced."""
        settings = Settings()
        start_s = self.found.start_s
        rollout = Rollout(EVENT_S, at_once, settings.drain_delay_s, start_s)
        steps = -(-FLEET // at_once)
        seconds = EVENT_S + steps * (settings.drain_delay_s + start_s + 1) + 10
        return replace(self.filled(utilisation), rollout=rollout, seconds=seconds)

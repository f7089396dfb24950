"""The simulation is held against what is known of queues."""

from dataclasses import replace

import numpy as np
import pytest
from tests.bench.growth.queueing import mean_wait_s, waiting_share
from tests.bench.growth.scenario import Arrivals, Callers, End, Loop, Scenario, Servers
from tests.bench.growth.service_time import Exponential, Measured
from tests.bench.growth.simulation import simulate
from tests.growth.fleets import busy

SERVICE_S = 0.1


def erlangs(lanes: int, utilisation: float) -> Scenario:
    """A server as Erlang thought of it, asked some 40,000 times."""
    rate_per_s = lanes * utilisation / SERVICE_S
    servers = Servers(count=1, lanes=lanes, service=Exponential(SERVICE_S), most_inside=10**9)
    arrivals = Arrivals(rate_per_s=rate_per_s)
    return Scenario(arrivals=arrivals, servers=servers, seconds=40_000 / rate_per_s)


@pytest.mark.parametrize(("lanes", "utilisation"), [(1, 0.5), (2, 0.7), (8, 0.8)])
def test_the_mean_wait_is_that_of_erlangs_formula(lanes: int, utilisation: float) -> None:
    outcome = simulate(erlangs(lanes, utilisation))
    assert outcome.utilisation == pytest.approx(utilisation, rel=0.03)
    rate_per_s = outcome.came / outcome.seconds  # as chance had it
    service_s = lanes * outcome.utilisation / rate_per_s
    waits_s = [call.ended_s - call.came_s - service_s for call in outcome.calls]
    assert np.mean(waits_s) == pytest.approx(mean_wait_s(lanes, rate_per_s, service_s), rel=0.07)


def test_one_lane_waits_as_a_textbook_says() -> None:
    assert waiting_share(1, 0.8) == pytest.approx(0.8)  # of M/M/1
    assert mean_wait_s(1, 8, 0.1) == pytest.approx(0.8 * 0.1 / 0.2)
    assert mean_wait_s(1, 10, 0.1) == float("inf")


def test_constant_times_halve_the_wait() -> None:
    by_chance = simulate(erlangs(1, 0.7))
    even = erlangs(1, 0.7)
    even = replace(even, servers=replace(even.servers, service=Measured((SERVICE_S,))))
    waits_s = [
        np.mean([call.ended_s - call.came_s - SERVICE_S for call in outcome.calls])
        for outcome in (by_chance, simulate(even))
    ]
    assert waits_s[1] / waits_s[0] == pytest.approx(0.5, rel=0.1)  # Pollaczek and Khinchine


def test_images_inside_are_their_rate_times_their_stay() -> None:
    outcome = simulate(busy(0.8))
    stay_s = np.mean([call.ended_s - call.came_s for call in outcome.calls])
    assert outcome.mean_in_servers == pytest.approx(outcome.goodput_per_s * stay_s, rel=0.01)


@pytest.mark.parametrize("utilisation", [0.5, 3.0])
def test_every_call_that_came_is_answered_or_refused_or_late_or_inside(utilisation: float) -> None:
    scenario = replace(busy(utilisation, 10.0), callers=Callers(patience_s=0.8))
    outcome = simulate(scenario)
    ended = sum(outcome.count(end) for end in End)
    assert outcome.came == ended + outcome.inside
    assert (outcome.count(End.REFUSED) > 0) is (utilisation > 1)
    assert outcome.utilisation <= 1


def test_clients_that_wait_fill_every_lane_and_no_more() -> None:
    scenario = replace(busy(0.0), arrivals=Loop(60), seconds=20.0)
    outcome = simulate(scenario)
    assert outcome.utilisation == pytest.approx(1.0, abs=0.02)
    assert outcome.inside == 60


def test_the_same_scenario_gives_the_same_outcome_and_another_seed_another() -> None:
    once = simulate(busy(0.6, 5.0))
    assert simulate(busy(0.6, 5.0)) == once
    assert simulate(replace(busy(0.6, 5.0), seed=2)) != once

"""What repeats and endless queues do, and what bounds them."""

from dataclasses import replace

import pytest
from tests.bench.growth.experiments import BURST, TOO_MUCH, Fleet
from tests.bench.growth.scenario import Callers, End, Loop, Scenario
from tests.bench.growth.simulation import simulate
from tests.growth.fleets import SERVER, busy

FLEET = Fleet(SERVER)


def small(name: str) -> Scenario:
    """One of the page's overloads, with half the servers and so half the load."""
    scenario = FLEET.overloads()[name]
    assert not isinstance(scenario.arrivals, Loop)
    return replace(
        scenario,
        arrivals=replace(scenario.arrivals, rate_per_s=scenario.arrivals.rate_per_s / 2),
        servers=replace(scenario.servers, count=scenario.servers.count // 2),
        seconds=75.0,
    )


OURS, RASH, ENDLESS, BUDGET = FLEET.overloads()


def test_repeats_multiply_the_load_of_a_server_that_is_full() -> None:
    once = replace(busy(2.0, 10.0), callers=Callers(patience_s=0.5))
    again = frozenset({End.REFUSED, End.LATE})
    rash = Callers(patience_s=0.5, attempts=4, again_after=again, waits_as_told=False)
    assert simulate(once).attempts_per_call == 1
    assert simulate(replace(once, callers=rash)).attempts_per_call > 2


def test_a_burst_outlasts_itself_where_work_is_done_for_nobody_and_callers_repeat() -> None:
    outcome = simulate(small(ENDLESS))
    assert outcome.between(0, BURST.begins_s).share(End.ANSWERED) == 1
    assert outcome.between(BURST.ends_s + 10, 55).share(End.ANSWERED) < 0.01


def test_a_budget_of_repeats_lets_it_end() -> None:
    outcome = simulate(small(BUDGET))
    assert outcome.attempts_per_call < 1.2
    assert outcome.between(68, 73).share(End.ANSWERED) > 0.99


def test_boxwright_answers_at_full_rate_in_a_burst_and_all_after_it() -> None:
    scenario = small(OURS)
    outcome = simulate(scenario)
    answers = outcome.answers_each_second()
    most_per_s = scenario.servers.count * SERVER.capacity_per_s
    begins, ends = int(BURST.begins_s), int(BURST.ends_s)
    assert sum(answers[begins + 2 : ends]) / (ends - begins - 2) > 0.95 * most_per_s
    assert outcome.between(BURST.ends_s + 20, 70).share(End.ANSWERED) == 1


@pytest.mark.parametrize("patience_s", [0.3, 0.6])
def test_a_line_longer_than_callers_wait_is_worked_off_for_nobody(patience_s: float) -> None:
    long = simulate(FLEET.short_sighted(patience_s, 1.5, 64))
    fitted = simulate(FLEET.short_sighted(patience_s, 1.5, FLEET.places_for(patience_s)))
    assert long.goodput_per_s < 0.5 * SERVER.capacity_per_s
    assert fitted.goodput_per_s > 0.95 * SERVER.capacity_per_s


@pytest.mark.parametrize("times", TOO_MUCH)
@pytest.mark.parametrize("patience_s", [0.15, 0.3, 0.6, 2.0])
def test_refusing_what_cannot_be_in_time_keeps_the_goodput(patience_s: float, times: float) -> None:
    outcome = simulate(FLEET.hurried(patience_s, times))
    assert outcome.goodput_per_s > 0.9 * SERVER.capacity_per_s


def test_a_server_that_keeps_up_refuses_hardly_anybody_who_can_be_answered_in_time() -> None:
    patience_s = 0.6
    outcome = simulate(FLEET.hurried(patience_s, 0.9))
    blind = simulate(FLEET.short_sighted(patience_s, 0.9, 64))
    assert outcome.share(End.REFUSED) < 0.01
    assert outcome.share(End.ANSWERED) >= blind.share(End.ANSWERED)

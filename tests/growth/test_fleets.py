"""Zones that are lost, servers that are replaced or slow, and who spreads the calls."""

from dataclasses import replace

import pytest
from tests.bench.growth.scenario import Balancing, Callers, End, Rollout, ZoneLoss
from tests.bench.growth.simulation import simulate
from tests.growth.fleets import COUNT, busy

PROMISED_MS = 200.0
LOSS = ZoneLoss(at_s=10.0, zone=1, noticed_after_s=2.0)
REPEATING = Callers(attempts=5)


def test_at_60_per_cent_the_loss_of_one_of_three_zones_keeps_the_promise() -> None:
    outcome = simulate(replace(busy(0.6), callers=REPEATING, loss=LOSS))
    after = outcome.between(20, 39)
    assert after.share(End.ANSWERED) == 1
    assert after.latency_ms(99) < PROMISED_MS


def test_at_90_per_cent_it_does_not() -> None:
    outcome = simulate(replace(busy(0.9), callers=REPEATING, loss=LOSS))
    assert outcome.between(0, 9).latency_ms(99) < PROMISED_MS
    assert outcome.between(20, 39).latency_ms(99) > 5 * PROMISED_MS


def test_calls_in_a_zone_that_went_are_lost_unless_they_are_made_again() -> None:
    once = simulate(replace(busy(0.5), callers=Callers(), loss=LOSS))
    again = simulate(replace(busy(0.5), callers=REPEATING, loss=LOSS))
    assert once.count(End.LOST) > 0
    assert again.count(End.LOST) == 0


def test_no_call_fails_while_every_server_is_replaced() -> None:
    rollout = Rollout(at_s=5.0, at_once=1, drain_delay_s=0.5, start_s=2.0)
    outcome = simulate(replace(busy(0.6), rollout=rollout))
    assert outcome.share(End.ANSWERED) == 1
    assert outcome.between(5, 5 + COUNT * 3).latency_ms(99) < PROMISED_MS


def test_a_rollout_of_more_than_can_be_spared_makes_callers_wait() -> None:
    rollout = Rollout(at_s=5.0, at_once=COUNT // 2, drain_delay_s=0.5, start_s=5.0)
    outcome = simulate(replace(busy(0.8), rollout=rollout))
    assert outcome.between(5, 18).latency_ms(99) > 5 * PROMISED_MS


@pytest.mark.parametrize("policy", ["least request", "two choices"])
def test_a_slow_server_drowns_in_turns_and_not_where_requests_are_counted(policy: str) -> None:
    filled = busy(0.6)
    slow = replace(filled, servers=replace(filled.servers, slow=1, slower_times=3.0))
    in_turn = simulate(replace(slow, balancing=Balancing("round robin")))
    counted = simulate(replace(slow, balancing=Balancing(policy)))  # type: ignore[arg-type]
    assert counted.latency_ms(99) < 2 * PROMISED_MS
    assert in_turn.latency_ms(99) > 5 * counted.latency_ms(99)


def test_many_balancers_that_count_their_own_calls_alone_are_no_better_than_turns() -> None:
    counted = simulate(replace(busy(0.8), balancing=Balancing("two choices", 50)))
    one = simulate(replace(busy(0.8), balancing=Balancing("two choices")))
    in_turn = simulate(replace(busy(0.8), balancing=Balancing("round robin", 50)))
    assert in_turn.latency_ms(99) < counted.latency_ms(99)
    assert one.latency_ms(99) < counted.latency_ms(99)

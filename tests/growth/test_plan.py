"""The arithmetic of the plan."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.bench.growth.limits import THINGS, Surroundings
from tests.bench.growth.plan import Machine, Promise, Replica, plan
from tests.bench.growth.plan_tables import replica_of
from tests.growth.fleets import SERVER

REPLICA = replica_of(SERVER)


@given(rate=some.floats(0.01, 1e7), zones=some.integers(2, 5))
def test_without_any_one_zone_the_rest_is_no_fuller_than_promised(rate: float, zones: int) -> None:
    promise = Promise(zones=zones)
    made = plan(rate, REPLICA, Machine(), promise)
    assert made.replicas % zones == 0
    left = made.replicas * (zones - 1) / zones
    assert rate / (left * REPLICA.images_per_s) <= promise.most_utilisation + 1e-9


@given(rate=some.floats(200, 1e6))
def test_no_zone_has_a_server_too_many(rate: float) -> None:
    made = plan(rate, REPLICA, Machine(), Promise())
    fewer = made.replicas / 3 - 1
    assert rate / (2 * fewer * REPLICA.images_per_s) > Promise().most_utilisation


@pytest.mark.parametrize(
    ("machine", "servers"),
    [
        (Machine(cores=8), 4),
        (Machine(cores=64, memory_gib=2.0), 4),
        (Machine(cores=64, network_gbit_per_s=0.1), 3),
    ],
)
def test_a_machine_holds_what_its_cores_memory_and_network_allow(
    machine: Machine, servers: int
) -> None:
    made = plan(1e5, REPLICA, machine, Promise())
    assert made.replicas / made.machines == pytest.approx(servers, rel=0.01)


def test_the_cost_of_a_million_images_is_their_core_hours_at_the_price() -> None:
    full = Promise(zones=1, most_utilisation=1.0)
    replica = Replica(
        cores=2,
        images_per_s=50.0,
        memory_mib=1.0,
        request_bytes=1,
        answer_bytes=1,
        metric_series=1,
    )
    made = plan(1000.0, replica, Machine(), full)
    assert made.cores == 40
    assert replica.core_s == pytest.approx(0.04)
    assert made.core_hours_per_million == pytest.approx(0.04 * 1e6 / 3600)
    assert made.cost_per_million(0.09) == pytest.approx(1.0)
    assert made.cost_per_hour(0.09) == pytest.approx(3.6)


def test_what_is_around_the_servers_grows_with_them() -> None:
    plans = [plan(rate, REPLICA, Machine(), Promise()) for rate in (1e4, 1e6)]
    for thing in THINGS:
        few, many = (thing.needed(made, REPLICA, Surroundings()) for made in plans)
        assert many == pytest.approx(100 * few, rel=0.02), thing.name

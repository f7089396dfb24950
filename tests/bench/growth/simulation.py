"""Callers, balancers and servers in simulated time, by SimPy."""

from collections.abc import Sequence
from random import Random

import simpy
from tests.bench.growth.balancer import Balancer
from tests.bench.growth.caller import Crowd, Steps
from tests.bench.growth.outcome import Outcome
from tests.bench.growth.scenario import Arrivals, Loop, Rollout, Scenario, ZoneLoss
from tests.bench.growth.simulated_server import Server

LOOK_S = 0.01
"""How often a server that drains looks whether it is empty."""


def simulate(scenario: Scenario) -> Outcome:
    """Return what comes of a scenario."""
    env, kind = simpy.Environment(), scenario.servers
    servers = [Server(env, each, kind, _chance(scenario, each)) for each in range(kind.count)]
    balancers = [
        Balancer(scenario.balancing.policy, servers, _chance(scenario, f"balancer {each}"))
        for each in range(scenario.balancing.balancers)
    ]
    crowd = Crowd(env, scenario.callers, _chance(scenario, "callers"))
    if isinstance(scenario.arrivals, Loop):
        for each in range(scenario.arrivals.clients):
            env.process(_ask_on(crowd, balancers[each % len(balancers)]))
    else:
        env.process(_come(env, scenario.arrivals, crowd, balancers, _chance(scenario, "arrivals")))
    if scenario.loss is not None:
        env.process(_lose_zone(env, scenario.loss, servers))
    if scenario.rollout is not None:
        env.process(_roll_out(env, scenario.rollout, servers))
    env.run(until=scenario.seconds)
    lanes_s = kind.count * kind.lanes * scenario.seconds
    return Outcome(
        scenario.seconds,
        crowd.came,
        tuple(crowd.calls),
        crowd.attempts,
        crowd.came - len(crowd.calls),
        sum(server.busy_s for server in servers) / lanes_s,
        sum(server.inside_s for server in servers) / scenario.seconds,
    )


def _chance(scenario: Scenario, part: object) -> Random:
    """Return chances of a part's own, so that policies are compared on the same arrivals."""
    return Random(f"{scenario.seed} {part}")


def _come(
    env: simpy.Environment,
    arrivals: Arrivals,
    crowd: Crowd,
    balancers: Sequence[Balancer],
    chance: Random,
) -> Steps:
    highest_per_s = arrivals.highest_per_s
    while True:
        yield env.timeout(chance.expovariate(highest_per_s / arrivals.together))
        if chance.random() * highest_per_s < arrivals.rate_at(env.now):
            for _ in range(arrivals.together):
                env.process(crowd.call(chance.choice(balancers)))


def _ask_on(crowd: Crowd, balancer: Balancer) -> Steps:
    while True:
        yield from crowd.call(balancer)


def _lose_zone(env: simpy.Environment, loss: ZoneLoss, servers: Sequence[Server]) -> Steps:
    gone = [server for server in servers if server.zone == loss.zone]
    yield env.timeout(loss.at_s)
    for server in gone:
        server.vanish()
    yield env.timeout(loss.noticed_after_s)
    for server in gone:
        server.lose()


def _roll_out(env: simpy.Environment, rollout: Rollout, servers: Sequence[Server]) -> Steps:
    yield env.timeout(rollout.at_s)
    for first in range(0, len(servers), rollout.at_once):
        group = servers[first : first + rollout.at_once]
        yield env.timeout(rollout.drain_delay_s)
        for server in group:
            server.listed = False
        while any(server.inside for server in group):
            yield env.timeout(LOOK_S)
        yield env.timeout(rollout.start_s)
        for server in group:
            server.listed = True

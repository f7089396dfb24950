"""Closed forms of a queue before several lanes (M/M/c): what the simulation is held against.

Source:
    Erlang 1917, as in Kleinrock 1975, Queueing Systems I, section 3.5.
"""

import math


def offered_lanes(rate_per_s: float, service_s: float) -> float:
    """Return how many lanes the load keeps busy on average."""
    return rate_per_s * service_s


def waiting_share(lanes: int, offered: float) -> float:
    """Return Erlang's C: the share of arrivals that find every lane busy.

    Example:
        >>> round(waiting_share(1, 0.5), 3), round(waiting_share(2, 1.0), 3)
        (0.5, 0.333)
    """
    if offered >= lanes:
        return 1.0
    blocked = 1.0  # Erlang's B, which has no sum to overflow
    for busy in range(1, lanes + 1):
        blocked = offered * blocked / (busy + offered * blocked)
    return blocked / (1 - offered / lanes * (1 - blocked))


def mean_wait_s(lanes: int, rate_per_s: float, service_s: float) -> float:
    """Return the mean time before service begins; infinite where the load is too much."""
    offered = offered_lanes(rate_per_s, service_s)
    if offered >= lanes:
        return math.inf
    return waiting_share(lanes, offered) * service_s / (lanes - offered)

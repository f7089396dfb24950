"""The tables of docs/growth.md that are plain arithmetic: one server, the plan, the limits."""

from collections.abc import Callable

from tests.bench.growth.limits import THINGS, Surroundings
from tests.bench.growth.measured import Measurements, ServerMeasurement
from tests.bench.growth.plan import Machine, Plan, Promise, Replica, plan
from tests.bench.readme_parts import table

RATES_PER_S = (1, 100, 10_000, 1_000_000)
CORE_HOUR = 0.04
"""An example: what a core costs for an hour, in whatever is paid with. No vendor's price."""
HOURS_A_MONTH = 730
QUIET = 0.5
"""Load of a machine that has nothing else to do."""


def replica_of(found: ServerMeasurement) -> Replica:
    """Return what the plan needs to know of a server."""
    return Replica(
        cores=found.cores,
        images_per_s=found.capacity_per_s,
        memory_mib=found.memory_mib,
        request_bytes=found.request_bytes,
        answer_bytes=found.answer_bytes,
        metric_series=found.metric_series,
    )


def plans(found: Measurements) -> list[Plan]:
    """Return a plan for each of the rates."""
    replica = replica_of(found.planned[-1])
    return [plan(rate, replica, Machine(), Promise()) for rate in RATES_PER_S]


def sizing(found: Measurements) -> str:
    """What a server does, by model, provider and cores."""
    rows = [
        [
            f"`{its.model}`",
            its.runs_on,
            f"{its.one_core_per_s:.1f}",
            f"{its.capacity_per_s:.1f}",
            f"{core_ms(its):.0f}",
            f"{median(its.alone_ms):.0f}",
            f"{its.memory_mib:.0f}",
        ]
        for its in found.servers
    ]
    cores = found.servers[0].cores
    heads = ["model", "runs on", "images/s, 1 core", f"{cores} cores", "core-ms an image"]
    return table([*heads, "lone caller, p50 ms", "MiB"], rows) + _beside(found)


def unit(found: Measurements) -> str:
    """One server, as it was measured."""
    servers = found.planned

    def row(what: str, value: Callable[[ServerMeasurement], str]) -> list[str]:
        return [what, *(value(server) for server in servers)]

    rows = [
        row("cores, lanes", lambda its: f"{its.cores}, {its.lanes}"),
        row("images a second, at most", lambda its: f"{its.capacity_per_s:.1f}"),
        row("core-ms of an image (cores over that)", lambda its: f"{core_ms(its):.1f}"),
        row("processor time of the server for an image, ms", lambda its: f"{its.core_ms:.1f}"),
        row("lone client, p50 ms", lambda its: f"{median(its.alone_ms):.0f}"),
        row("memory after the load, MiB", lambda its: f"{its.memory_mib:.0f}"),
        row("start to SERVING, s", lambda its: f"{its.start_s:.1f}"),
        row("request, answer, bytes", lambda its: f"{its.request_bytes:,}, {its.answer_bytes:,}"),
        row("series of metrics", lambda its: f"{its.metric_series}"),
        row("load of the machine before", lambda its: f"{its.load_before:.1f}"),
    ]
    text = table(["one server", *(server.runs_on for server in servers)], rows)
    machine = f"{found.planned[-1].photos} photos, on {found.planned[-1].machine}."
    return f"{text}\n\n{machine}{_envoy(found)}{_beside(found)}"


def _beside(found: Measurements) -> str:
    """Say so, if the machine may have had other work while it measured."""
    most = max(its.load_before for its in found.servers)
    if most < QUIET:
        return ""
    return (
        f"\n\nThe load average was {most:.1f} before it. If that was other work, and not a "
        "measurement that had just ended, the machine alone does more."
    )


def core_ms(found: ServerMeasurement) -> float:
    """Return the core-milliseconds of an image, all cores in work."""
    return found.cores / found.capacity_per_s * 1e3


def median(quantiles: tuple[float, ...]) -> float:
    """Return the one in the middle."""
    return quantiles[len(quantiles) // 2]


def _envoy(found: Measurements) -> str:
    if found.envoy_core_ms is None:
        return ""
    return f" Envoy before the server took {found.envoy_core_ms:.2f} core-ms for a request."


def growth(found: Measurements) -> str:
    """The plan for each rate."""
    its, machine = plans(found), Machine()

    def row(what: str, value: Callable[[Plan], str]) -> list[str]:
        return [what, *(value(one) for one in its)]

    rows = [
        row("servers", lambda it: f"{it.replicas:,}"),
        row("cores", lambda it: f"{it.cores:,}"),
        row(f"machines of {machine.cores} cores", lambda it: f"{it.machines:,}"),
        row("busy, all zones up", lambda it: f"{it.utilisation:.0%}"),
        row("memory, GiB", lambda it: f"{it.memory_gib:,.0f}"),
        row("network in, Gbit/s", lambda it: f"{it.network_gbit_per_s:,.2f}"),
        row("of that a machine, Gbit/s", lambda it: f"{it.machine_network_gbit_per_s:.2f}"),
        row("core-hours for a million images", lambda it: f"{it.core_hours_per_million:.1f}"),
        row("cost of a million images", lambda it: f"{it.cost_per_million(CORE_HOUR):.2f}"),
        row("cost of a month", lambda it: f"{it.cost_per_hour(CORE_HOUR) * HOURS_A_MONTH:,.0f}"),
    ]
    return table(["images a second", *(f"{rate:,}" for rate in RATES_PER_S)], rows)


def limits(found: Measurements) -> str:
    """What saturates first."""
    its, replica = plans(found), replica_of(found.planned[-1])
    rows, has = [], surroundings(found)
    for thing in THINGS:
        needed = [thing.needed(one, replica, has) for one in its]
        cells = (f"**{_short(each)}**" if each > 1 else _short(each) for each in needed)
        rows.append([thing.name, *cells])
    return table(["how many are needed", *(f"{rate:,}/s" for rate in RATES_PER_S)], rows)


def surroundings(found: Measurements) -> Surroundings:
    """Return what is around the servers, with what Envoy was measured to take."""
    if found.envoy_core_ms is None:
        return Surroundings()
    return Surroundings(envoy_core_requests_per_s=1e3 / found.envoy_core_ms)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"

"""The tables of docs/growth.md that simulations fill."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tests.bench.growth.experiments import (
    BURST,
    EVENT_S,
    FLEETS,
    NOTICED_S,
    POLICIES,
    TOO_MUCH,
    UTILISATIONS,
    Fleet,
)
from tests.bench.growth.measured import Measurements
from tests.bench.growth.outcome import Outcome
from tests.bench.growth.scenario import End, Scenario
from tests.bench.growth.simulation import simulate
from tests.bench.growth.validation import compare, scaling
from tests.bench.readme_parts import table

from boxwright.settings import Settings


def validation(found: Measurements) -> str:
    """What was foretold beside what was measured."""
    rows = []
    for server in found.planned:
        for each in compare(server):
            load, (p50_low, p50_high) = each.measured, each.range_ms(50)
            p99_low, p99_high = each.range_ms(99)
            rows.append(
                [
                    server.runs_on,
                    f"{load.asked_per_s:.1f}",
                    f"{load.asked_per_s / server.capacity_per_s:.0%}",
                    f"{load.p50_ms:.0f}",
                    f"{p50_low:.0f} to {p50_high:.0f}",
                    f"{load.p99_ms:.0f}",
                    f"{p99_low:.0f} to {p99_high:.0f}",
                ]
            )
    heads = ["server", "asked/s", "of its capacity", "p50, ms", "foretold", "p99, ms", "foretold"]
    scaled = [
        [
            each.what,
            f"{each.one_per_s:.1f}",
            f"{each.two_per_s:.1f}",
            f"{each.measured_times:.2f} x",
            f"{each.foretold_times:.2f} x",
        ]
        for each in scaling(found)
    ]
    two = ["one core each", "one server, /s", "two, /s", "measured", "foretold"]
    return f"{table(heads, rows)}\n\n{table(two, scaled)}\n\n{_in_haste(found)}"


def _in_haste(found: Measurements) -> str:
    """What a real server answered, of which more was asked than could be done in time."""
    rows = []
    for server in found.planned:
        for each in server.haste:
            foretold = simulate(Fleet(server).hurried(each.patience_s, each.times))
            rows.append(
                [
                    server.runs_on,
                    f"{each.times:g} x",
                    f"{each.patience_s:.2f}",
                    f"{each.answered_per_s / server.capacity_per_s:.0%}",
                    f"{foretold.goodput_per_s / server.capacity_per_s:.0%}",
                ]
            )
    heads = ["callers in haste", "asked", "deadline, s", "answered of what it could", "foretold"]
    return table(heads, rows)


def fullness(found: Measurements) -> str:
    """How long callers wait, by how busy servers are."""
    fleet = Fleet(found.planned[-1])
    heads = ["p99, ms", *(f"{each:.0%}" for each in UTILISATIONS)]
    rows = [
        [f"{count} server{'s' if count > 1 else ''}", *(_ms(one.latency_ms(99)) for one in ran)]
        for count, ran in filled(fleet).items()
    ]
    return table(heads, rows)


def filled(fleet: Fleet) -> Mapping[int, list[Outcome]]:
    """Return what comes of fleets of some sizes, at each utilisation."""
    return {
        count: [simulate(fleet.filled(busy, count)) for busy in UTILISATIONS] for count in FLEETS
    }


def balancing(found: Measurements) -> str:
    """What the balancer's policy does."""
    fleet = Fleet(found.planned[-1])
    rows = []
    for name, how in POLICIES:
        equal = [simulate(replace(fleet.filled(busy), balancing=how)) for busy in (0.6, 0.9)]
        uneven = simulate(fleet.slow(how))
        rows.append([name, *(_ms(one.latency_ms(99)) for one in (*equal, uneven))])
    return table(["p99, ms, of 12 servers", "60 % busy", "90 % busy", "60 %, one 3 x slow"], rows)


def groups(found: Measurements) -> str:
    """What it does that many come at once."""
    fleet, sizes = Fleet(found.planned[-1]), (1, 8, 32, 128)
    ran = [simulate(fleet.in_groups(size)) for size in sizes]
    rows = [
        ["p50, ms", *(_ms(one.latency_ms(50)) for one in ran)],
        ["p99, ms", *(_ms(one.latency_ms(99)) for one in ran)],
    ]
    return table(["images that come at once", *(f"{size}" for size in sizes)], rows)


def overload(found: Measurements) -> str:
    """What is left of a fleet after three times too much."""
    rows = []
    for name, outcome in overloaded(Fleet(found.planned[-1])).items():
        spans = ((0, BURST.begins_s), (BURST.begins_s, BURST.ends_s), (60, outcome.seconds))
        shares = [outcome.between(*span).share(End.ANSWERED) for span in spans]
        cells = (f"{share:.1%}" for share in shares)
        rows.append([name, f"{outcome.attempts_per_call:.2f}", *cells])
    return table(["12 servers", "tries a call", "before", "during", "from 30 s after"], rows)


def overloaded(fleet: Fleet) -> Mapping[str, Outcome]:
    """Return what comes of each way to meet an overload."""
    return {name: simulate(scenario) for name, scenario in fleet.overloads().items()}


def haste(found: Measurements) -> str:
    """What a server still answers in time, by whom it refuses."""
    fleet, patiences_s = Fleet(found.planned[-1]), (0.25, 0.5, 1.0, 2.0, 5.0)
    default = Settings().max_requests
    fitted = [fleet.places_for(patience_s) for patience_s in patiences_s]

    def answered(what: str, times: float, scenarios: Iterable[Scenario]) -> list[str]:
        ran = [simulate(scenario).goodput_per_s for scenario in scenarios]
        shares = (f"{each / found.planned[-1].capacity_per_s:.0%}" for each in ran)
        return [what, f"{times:g} x", *shares]

    rows = []
    for times in TOO_MUCH:
        by_default = (fleet.short_sighted(each, times, default) for each in patiences_s)
        by_places = (
            fleet.short_sighted(each, times, places)
            for each, places in zip(patiences_s, fitted, strict=True)
        )
        ours = (fleet.hurried(each, times) for each in patiences_s)
        rows += [
            answered(f"refuses when its {default} places are taken", times, by_default),
            answered("has places for 0.7 of what it does meanwhile", times, by_places),
            answered("Boxwright: refuses what cannot be in time", times, ours),
        ]
    heads = (f"{patience_s:g} s" for patience_s in patiences_s)
    return table(["answered of what it could, if callers wait", "asked", *heads], rows)


def zones(found: Measurements) -> str:
    """What the loss of a zone does."""
    fleet = Fleet(found.planned[-1])
    rows = []
    for busy in (0.5, 0.6, 0.7, 0.9):
        outcome = simulate(fleet.zone_loss(busy))
        noticed_s = EVENT_S + NOTICED_S
        spans = ((0, EVENT_S - 1), (EVENT_S - 1, noticed_s), (noticed_s + 8, outcome.seconds))
        ran = [outcome.between(*span) for span in spans]
        failed = sum(call.end is not End.ANSWERED for call in outcome.calls)
        rows.append(
            [
                f"{busy:.0%}, then {busy * 1.5:.0%}",
                *(_ms(one.latency_ms(99)) for one in ran),
                f"{failed}",
                f"{outcome.inside}",
            ]
        )
    heads = ["busy", "p99 before", "p99 until noticed", "p99 after"]
    return table([*heads, "failed calls", "waiting at the end"], rows)


def rollout(found: Measurements) -> str:
    """What it does to replace every server under load."""
    fleet = Fleet(found.planned[-1])
    rows = []
    for busy in (0.6, 0.8):
        for at_once in (1, 4):
            scenario = fleet.rollout(busy, at_once)
            outcome = simulate(scenario)
            during = outcome.between(EVENT_S, scenario.seconds - 10)
            failed = sum(call.end is not End.ANSWERED for call in outcome.calls)
            rows.append(
                [
                    f"{busy:.0%}",
                    f"{at_once} of 12",
                    f"{scenario.seconds - 10 - EVENT_S:.0f}",
                    _ms(outcome.between(0, EVENT_S).latency_ms(99)),
                    _ms(during.latency_ms(99)),
                    f"{failed}",
                ]
            )
    heads = ["busy", "at once", "takes, s", "p99 before, ms", "p99 during, ms", "failed calls"]
    return table(heads, rows)


def _ms(value: float) -> str:
    return f"{value:,.0f}" if value == value else "no answer"

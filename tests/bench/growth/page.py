"""Which parts of the documents are written from what was measured."""

from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.growth import plan_tables, simulation_tables
from tests.bench.growth.chart import line_chart
from tests.bench.growth.experiments import UTILISATIONS, Fleet
from tests.bench.growth.measured import Measurements
from tests.bench.growth.simulation_tables import filled, overloaded

DOCS = Path(__file__).parents[3] / "docs"
FILES = (DOCS / "growth.md", DOCS / "operations.md")

PLANS: dict[str, Callable[[Measurements], str]] = {
    "sizing": plan_tables.sizing,
    "unit": plan_tables.unit,
    "growth": plan_tables.growth,
    "limits": plan_tables.limits,
}
SIMULATIONS: dict[str, Callable[[Measurements], str]] = {
    "validation": simulation_tables.validation,
    "fullness": simulation_tables.fullness,
    "balancing": simulation_tables.balancing,
    "groups": simulation_tables.groups,
    "overload": simulation_tables.overload,
    "haste": simulation_tables.haste,
    "zones": simulation_tables.zones,
    "rollout": simulation_tables.rollout,
}


def pictures(found: Measurements) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each picture."""
    fleet = Fleet(found.planned[-1])
    lines = {
        f"{count} server{'s' if count > 1 else ''}": [
            (busy * 100, one.latency_ms(99)) for busy, one in zip(UTILISATIONS, ran, strict=True)
        ]
        for count, ran in filled(fleet).items()
    }
    title = "Time of 99 in 100 answers, by how busy the servers are"
    yield "growth_waiting.svg", line_chart(title, "busy, %", "p99, ms", lines, log_y=True)
    seconds = {
        name: [(at, float(count)) for at, count in enumerate(one.answers_each_second())]
        for name, one in overloaded(fleet).items()
    }
    title = "Answers a second; from 20 s to 30 s three times as much is asked"
    yield "growth_overload.svg", line_chart(title, "s", "answers in time, /s", seconds)

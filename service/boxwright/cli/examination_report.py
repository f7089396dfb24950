"""What the checks of a plugin found, for people and for programs."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from boxwright.cli.geometry.columns import count

if TYPE_CHECKING:
    from boxwright_workshop.conformance.backbone_cost import Cost
    from boxwright_workshop.conformance.examination import Examination
    from boxwright_workshop.conformance.finding import Outcome

COLUMNS = ("kind", "check", "result", "seen")
BELOW = ("warned", "failed")
"""These have a paragraph of their own."""


def told(outcome: "Outcome") -> tuple[str, str]:
    """Return the last two columns of a check."""
    return outcome.status, "see below" if outcome.status in BELOW else outcome.seen


def lines(examined: "Iterable[Examination]", costs: "Iterable[Cost | None]") -> Iterator[str]:
    """Yield what stands below the table: faults with their cures, and what each part costs."""
    for each, cost in zip(examined, costs, strict=True):
        for finding in each.done.values():
            if finding.outcome.status in BELOW:
                yield from _paragraph(finding.check, finding.outcome)
        if cost:
            yield (
                f"\n{each.offer.part.name}: {cost.parameters:,} parameters; one image of "
                f"{cost.height_px} x {cost.width_px} px, height x width, takes "
                f"{count(cost.multiply_accumulates)} multiply-accumulates, and "
                f"{cost.milliseconds:.1f} ms in torch on {_threads(cost.threads)} of this machine."
            )


def facts(each: "Examination", cost: "Cost | None") -> dict[str, object]:
    """Return a part and its checks, as JSON has them."""
    offer = each.offer
    return {
        "kind": each.kind,
        "name": offer.part.name,
        "distribution": offer.distribution,
        "version": offer.version,
        "checks": [
            {"check": check, **asdict(found.outcome), "seconds": round(found.seconds, 3)}
            for check, found in each.done.items()
        ],
        "cost": asdict(cost) if cost else None,
    }


def _paragraph(check: str, outcome: "Outcome") -> Iterator[str]:
    yield f"\n{outcome.status}: {check}"
    yield f"  {outcome.seen}"
    if outcome.cure:
        yield f"  {outcome.cure}"
    if outcome.code:
        yield f"\n{outcome.code}"


def _threads(number: int) -> str:
    return "1 thread" if number == 1 else f"{number} threads"

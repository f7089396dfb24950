"""`boxwright plugins check`: is an installed part what it says it is?"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from boxwright.cli.exit_codes import UNUSABLE
from boxwright.cli.options import AsJson
from boxwright.cli.tables import print_json, print_table
from boxwright.cli.workshop import workshop

if TYPE_CHECKING:
    from boxwright_workshop.conformance.examination import Examination
    from boxwright_workshop.conformance.finding import Finding

Examined = tuple[str, "Finding"]
"""The kind of a part, and what a check of it found."""


def check(
    name: Annotated[
        str,
        typer.Argument(help="Of a backbone, a detector or a proposal source that is installed."),
    ],
    as_json: AsJson = False,
) -> None:
    """Examine an installed part. Needs boxwright[workshop].

    Holds what it declares against what it builds, trains it for a moment, exports it and compares
    the graph with torch. Whatever is wrong is said with the cure; the exit code is then 4.

    \b
    Examples:
      boxwright plugins check resnet50
      boxwright plugins check my_backbone --json
    """
    examinations = workshop("conformance.examination").examinations(name)
    found = list(_told(examinations))
    if as_json:
        print_json([_as_object(kind, name, finding) for kind, finding in found])
    else:
        _print(found)
    if any(finding.outcome.status == "failed" for _, finding in found):
        raise typer.Exit(UNUSABLE)


def _told(examinations: "Iterable[Examination]") -> "Iterator[Examined]":
    """Make the checks, and tell of each on stderr as it goes."""
    for examination in examinations:
        for check in examination.checks:
            typer.echo(f"{check} ... ", err=True, nl=False)
            finding = examination.find(check)
            typer.echo(f"{finding.outcome.status}, {finding.seconds:.1f} s", err=True)
            yield examination.kind, finding
    typer.echo(err=True)


def _as_object(kind: str, name: str, finding: "Finding") -> dict[str, object]:
    return {
        "kind": kind,
        "name": name,
        "check": finding.check,
        **asdict(finding.outcome),
        "seconds": round(finding.seconds, 3),
    }


def _print(found: "list[Examined]") -> None:
    print_table(
        ("kind", "check", "result", "seen"),
        [
            (
                kind,
                finding.check,
                finding.outcome.status,
                finding.outcome.seen if finding.outcome.status == "passed" else "see below",
            )
            for kind, finding in found
        ],
    )
    for _, finding in found:
        outcome = finding.outcome
        if outcome.status in ("warned", "failed"):
            cure = f"\n  {outcome.cure}" if outcome.cure else ""
            typer.echo(f"\n{outcome.status}: {finding.check}\n  {outcome.seen}{cure}")

"""`boxwright plugins check`: is an installed part what it says it is?"""

import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from boxwright.cli import examination_report as report
from boxwright.cli.exit_codes import UNUSABLE
from boxwright.cli.options import AsJson
from boxwright.cli.tables import print_json, table_line
from boxwright.cli.workshop import workshop

if TYPE_CHECKING:
    from boxwright_workshop.conformance.examination import Examination


def check(
    name: Annotated[
        str,
        typer.Argument(
            help="Of a backbone, a neck, a detector or a proposal source that is installed."
        ),
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
    examined: list[Examination] = workshop("conformance.examination").examinations(name)
    _make(examined, print_rows=not as_json)
    with _waiting("measuring what it costs"):
        costs = [examination.cost for examination in examined]
    if as_json:
        print_json([report.facts(each, cost) for each, cost in zip(examined, costs, strict=True)])
    else:
        for line in report.lines(examined, costs):
            typer.echo(line)
    statuses = {finding.outcome.status for each in examined for finding in each.done.values()}
    if "failed" in statuses:
        raise typer.Exit(UNUSABLE)


def _make(examined: "Iterable[Examination]", *, print_rows: bool) -> None:
    """Make the checks; each row of the table is printed when it is known."""
    rows = [(each.kind, check) for each in examined for check in each.checks]
    widths = [max(map(len, column)) for column in zip(*rows, report.COLUMNS[:2], strict=True)]
    widths += [len("skipped"), 0]
    if print_rows:
        typer.echo(table_line(report.COLUMNS, widths))
    for each in examined:
        for check in each.checks:
            with _waiting(check):
                outcome = each.find(check).outcome
            if print_rows:
                typer.echo(table_line((each.kind, check, *report.told(outcome)), widths))


def _waiting(what: str) -> AbstractContextManager[object]:
    """Tell on a terminal what is being done, for as long as it is."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(f"{what} ...")

"""`boxwright doctor`: what will and will not work on this machine, and what mends it."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from boxwright.cli.credentials import asking, credentials_of
from boxwright.cli.exit_codes import INTERRUPTED, UNUSABLE
from boxwright.cli.findings import Report
from boxwright.cli.joined_options import Command, joined
from boxwright.cli.options import AsJson, Server
from boxwright.cli.serve import serve
from boxwright.settings import Settings

if TYPE_CHECKING:
    from boxwright.doctor.check import Check


def _settable(command: Command) -> Command:
    """Give a command the options of `serve` too."""
    return joined(command, serve, lambda own, settings: command(**own, **settings))


@asking
@_settable
def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Open and run no model.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as problems.")] = False,
    server: Server = None,
    as_json: AsJson = False,
    **settings: Any,  # noqa: ANN401  Those of `serve`.
) -> None:
    """Look at this machine, and tell what will and will not work, with the cure.

    Takes the options and the environment of `boxwright serve`, and changes nothing. Ends with 4
    where it would not serve.
    """
    import logging

    from boxwright.doctor.told import told

    logging.getLogger("boxwright").addHandler(logging.NullHandler())  # findings tell it all
    checks = _checks(quick, server)
    report = Report(sys.stdout, as_json)  # a plugin that hangs in its import holds sys.stdout
    known = told(os.environ, settings)
    report.add(known.findings)
    try:
        ended = _examine(checks, known.settings, report)
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)  # Python cannot end in order while a model runs on a thread
    report.finish()
    code = UNUSABLE if report.worst in (("problem", "warning") if strict else ("problem",)) else 0
    if not ended:
        os._exit(code)  # nor while something hangs
    raise typer.Exit(code)


def _checks(quick: bool, server: str | None) -> "Sequence[Check]":
    from boxwright.doctor import running
    from boxwright.doctor.check import Check
    from boxwright.doctor.examination import QUICK, WHOLE

    checks = QUICK if quick else WHOLE
    credentials = credentials_of(server)
    if server is None:
        return checks
    return (*checks, Check(running.RUNNING, lambda _: running.look(server, credentials)))


def _examine(checks: "Sequence[Check]", settings: Settings, report: Report) -> bool:
    """Add what the checks find to the report; return whether all ended."""
    from boxwright.doctor.check import checked

    ended = True
    for check in checks:
        came = checked(check, settings)
        report.add(came.findings)
        ended = ended and came.ended
    return ended

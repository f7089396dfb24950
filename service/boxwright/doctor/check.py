"""A look at one concern: it ends in time, and where it fails the rest goes on."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Thread
from typing import TypeAlias

from boxwright.doctor.finding import Concern, Finding
from boxwright.settings import Settings
from boxwright_contract.errors import BoxwrightError
from boxwright_contract.raised import describe

Look: TypeAlias = Callable[[Settings], Iterable[Finding]]

BOUND_S = 10.0


@dataclass(frozen=True)
class Check:
    """A look, and how long it may take."""

    concern: Concern
    look: Look
    bound_s: float = BOUND_S


@dataclass(frozen=True)
class Checked:
    """What came of a check."""

    findings: Sequence[Finding]
    ended: bool = True
    """False: it is still at work, on a thread that ends with the process."""


def checked(check: Check, settings: Settings) -> Checked:
    """Return what a check finds; that it fails, or does not end, is a finding."""
    found: list[Finding] = []

    def work() -> None:
        try:
            for finding in check.look(settings):
                found.append(finding)  # one by one: what comes late may never come
        except BoxwrightError as error:
            found.append(check.concern.problem(str(error)))
        # Strangers' files, drivers and plugins may raise anything at all.
        except BaseException as error:  # noqa: BLE001
            found.append(
                check.concern.problem(
                    f"looking at this failed: {describe(error)}",
                    "If this machine is not at fault, report it as a bug of Boxwright.",
                )
            )

    thread = Thread(target=work, name=f"boxwright-doctor-{check.concern.name}", daemon=True)
    thread.start()
    thread.join(check.bound_s)
    ended = not thread.is_alive()
    findings = list(found)
    if not ended:
        findings.append(
            check.concern.problem(
                f"looking at this did not end within {check.bound_s:g} s",
                "What comes after the last line above hangs: a disk, a driver, a name server or a "
                "plugin.",
            )
        )
    return Checked(findings, ended)

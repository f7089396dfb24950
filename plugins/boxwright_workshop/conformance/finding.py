"""What a check found, and how a check is run."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from boxwright_contract.errors import BoxwrightError
from boxwright_workshop.conformance.blame import blamed

Status = Literal["passed", "warned", "failed", "skipped"]


@dataclass(frozen=True)
class Outcome:
    """What a check saw."""

    status: Status
    seen: str
    """With the numbers."""
    cure: str = ""
    """How to mend it; empty where `seen` says it, or there is nothing to mend."""
    code: str = ""
    """Python that the cure tells to paste; mostly empty."""


def passed(seen: str) -> Outcome:
    """It is as it should be."""
    return Outcome("passed", seen)


def warned(seen: str, cure: str, code: str = "") -> Outcome:
    """It works, and could be better."""
    return Outcome("warned", seen, cure, code)


def failed(seen: str, cure: str, code: str = "") -> Outcome:
    """It is not as it should be."""
    return Outcome("failed", seen, cure, code)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The outcome of one check, by name."""

    check: str
    outcome: Outcome
    seconds: float


S = TypeVar("S")
Check = Callable[[S], Outcome]
"""From a specimen to what was seen. Its name is the name of the check."""


def examine(check: Check[S], specimen: S, module: str) -> Finding:
    """Run a check; what the plugin raises is an outcome too.

    Args:
        check: What to look at.
        specimen: The part.
        module: Where the plugin's own code is, to name the line that raised.
    """
    began = time.perf_counter()
    try:
        outcome = check(specimen)
    except BoxwrightError as error:
        outcome = failed(str(error), "")
    except Exception as error:  # noqa: BLE001 - a stranger's code may raise anything
        outcome = failed(blamed(error, module), "Mend what is raised there.")
    return Finding(check=check.__name__, outcome=outcome, seconds=time.perf_counter() - began)

"""A check that fails, or hangs, is a finding; the others go on."""

import threading
from collections.abc import Iterator

from boxwright.doctor.check import Check, checked
from boxwright.doctor.finding import Concern, Finding
from boxwright.settings import Settings
from boxwright_contract.errors import BadSettings

HERE = Concern("here")


def test_a_check_that_fails_is_a_problem_after_what_it_found() -> None:
    def look(settings: Settings) -> Iterator[Finding]:
        yield HERE.ok("so far, so good")
        raise ValueError("no such number")

    came = checked(Check(HERE, look), Settings())
    assert came.ended
    good, failed = came.findings
    assert good.level == "ok"
    assert failed.level == "problem"
    assert failed.what.startswith("looking at this failed: ValueError: no such number (")


def test_what_serve_would_refuse_is_a_problem_in_its_own_words() -> None:
    def look(settings: Settings) -> Iterator[Finding]:
        raise BadSettings("the port is taken. Choose another.")

    assert checked(Check(HERE, look), Settings()).findings == [
        HERE.problem("the port is taken. Choose another.")
    ]


def test_a_check_that_hangs_is_a_problem_after_what_it_found() -> None:
    free = threading.Event()

    def look(settings: Settings) -> Iterator[Finding]:
        yield HERE.ok("so far, so good")
        free.wait()

    came = checked(Check(HERE, look, bound_s=0.2), Settings())
    free.set()
    assert not came.ended
    assert [each.level for each in came.findings] == ["ok", "problem"]
    assert came.findings[1].what == "looking at this did not end within 0.2 s"

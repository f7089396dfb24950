"""When nobody waits any more, and by whose clock."""

import time

from boxwright.deadline import Deadline


def test_a_caller_that_gives_up_at_its_deadline_does_so_a_moment_before_ours() -> None:
    deadline = Deadline.after(0.2)
    told = [(deadline.ends_calls, deadline.passed)]
    for pause_s in (0.16, 0.05):
        time.sleep(pause_s)
        told.append((deadline.ends_calls, deadline.passed))
    assert told == [(False, False), (True, False), (True, True)]


def test_a_long_deadline_is_told_less_exactly_and_so_is_its_end() -> None:
    assert Deadline.after(1000).ahead_s > 10
    assert Deadline.after(0.01).ahead_s < 0.01
    assert not Deadline.after(None).ends_calls


def test_the_limit_of_the_server_changes_nothing_of_the_callers_clock() -> None:
    assert Deadline.after(1).within(5).ahead_s == Deadline.after(1).ahead_s
    assert Deadline.after(None).within(0).passed

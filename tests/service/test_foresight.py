"""Who would be answered too late is refused at once, and nobody else is."""

import math

import pytest

from boxwright.foresight import LEAST, MARGIN, Foresight, Load, foretold_s
from boxwright_contract.errors import Overloaded

IMAGE_S = 0.05


def measured(**image_s: float) -> Foresight:
    """Return a foresight that has seen enough of each model."""
    foresight = Foresight()
    for model, seconds in image_s.items():
        for _ in range(LEAST):
            foresight.spent(model, "run", seconds)
    return foresight


def refused(foresight: Foresight, inside: dict[str, int], left_s: float, model: str = "a") -> bool:
    try:
        foresight.check(model, inside, left_s)
    except Overloaded:
        return True
    return False


def test_a_model_waits_for_its_own_line_and_for_as_much_of_each_other() -> None:
    own = Load(4, 0.1)
    assert foretold_s(own, []) == pytest.approx(0.4)
    assert foretold_s(own, [Load(1, 0.1)]) == pytest.approx(0.5)
    assert foretold_s(own, [Load(60, 1.0)]) == pytest.approx(0.8)
    assert foretold_s(own, [Load(60, 1.0), Load(2, 0.05)]) == pytest.approx(0.9)


def test_who_can_be_answered_in_time_is_let_in_and_who_cannot_is_not() -> None:
    foresight, needed_s = measured(a=IMAGE_S), 10 * IMAGE_S * MARGIN
    assert not refused(foresight, {"a": 9}, needed_s + 0.001)
    assert refused(foresight, {"a": 9}, needed_s - 0.001)
    assert not refused(foresight, {"a": 60}, math.inf)


def test_a_slow_model_has_its_own_pace() -> None:
    foresight = measured(a=IMAGE_S, slow=2.0)
    assert not refused(foresight, {"a": 4, "slow": 2}, 1.0)
    assert refused(foresight, {"a": 4, "slow": 2}, 1.0, "slow")


def test_the_slowest_step_sets_the_pace() -> None:
    foresight = measured(a=IMAGE_S)
    for _ in range(LEAST):
        foresight.spent("a", "propose", 10 * IMAGE_S)
    with pytest.raises(Overloaded, match=f"may take {5 * 10 * IMAGE_S * MARGIN:.2f} s now"):
        foresight.check("a", {"a": 4}, 1.0)


def test_one_of_each_model_is_always_let_in() -> None:
    foresight = measured(a=2.0, b=2.0)
    assert not refused(foresight, {}, 0.01)
    assert not refused(foresight, {"b": 60}, 0.01)
    assert refused(foresight, {"a": 1}, 0.01)


def test_one_request_of_each_model_is_let_in_with_all_its_images() -> None:
    foresight = measured(a=2.0)
    foresight.check("a", {"a": 2}, 0.01, mates=2)
    with pytest.raises(Overloaded):
        foresight.check("a", {"a": 3}, 0.01, mates=2)


def test_nobody_is_refused_before_enough_was_measured() -> None:
    foresight = Foresight()
    for _ in range(LEAST - 1):
        foresight.spent("a", "run", 2.0)
        assert not refused(foresight, {"a": 60}, 0.1)
    foresight.spent("a", "run", 2.0)
    assert refused(foresight, {"a": 60}, 0.1)


def test_a_model_that_became_fast_is_soon_foretold_to_be_fast() -> None:
    foresight = measured(a=1.0)
    assert refused(foresight, {"a": 1}, 1.0)
    for _ in range(30):
        foresight.spent("a", "run", 0.01)
    assert not refused(foresight, {"a": 1}, 1.0)


def test_callers_in_haste_who_come_one_by_one_end_a_mean_that_a_stall_left_too_high() -> None:
    foresight = measured(a=1.0)
    for _ in range(30):
        foresight.spent_alone("a", "run", 0.01)
    assert not refused(foresight, {"a": 1}, 1.0)


def test_a_run_that_had_the_server_to_itself_makes_no_pace_slower_and_begins_none() -> None:
    foresight = measured(a=IMAGE_S)
    for _ in range(LEAST):
        foresight.spent_alone("a", "run", 2 * IMAGE_S)
        foresight.spent_alone("b", "run", 2.0)
    assert not refused(foresight, {"a": 9}, 10 * IMAGE_S * MARGIN + 0.001)
    assert not refused(foresight, {"b": 60}, 0.1)


def test_the_message_has_both_times_the_cure_and_when_to_come_back() -> None:
    with pytest.raises(Overloaded) as refusal:
        measured(a=IMAGE_S).check("a", {"a": 19}, 0.7)
    assert str(refusal.value) == (
        "an answer may take 1.20 s now, and 0.70 s are left until the deadline, so nothing was "
        "begun. Allow more time, or try again in 1200 ms, or start more servers."
    )
    assert refusal.value.retry_after_ms == 1200

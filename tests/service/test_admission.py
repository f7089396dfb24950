"""How many requests are let in, and of which model."""

from contextlib import ExitStack

import pytest

from boxwright.admission import Admission
from boxwright_contract.errors import Overloaded


def flooded(admission: Admission, stack: ExitStack, model: str, tries: int) -> int:
    """Return how many requests of a model get in."""
    inside = 0
    for _ in range(tries):
        try:
            stack.enter_context(admission.admit(model))
        except Overloaded:
            continue
        inside += 1
    return inside


def test_one_request_too_many_is_refused_with_a_hint_when_to_return() -> None:
    admission = Admission(limit=2)
    with admission.admit(), admission.admit():
        full = pytest.raises(Overloaded, match=r"BOXWRIGHT_MAX_REQUESTS \(--max-requests\)")
        with full as refusal, admission.admit():
            pass
        assert refusal.value.retry_after_ms >= 1
        with pytest.raises(Overloaded, match="2 requests are waiting or in work"):
            admission.check_room()
    admission.check_room()
    with admission.admit():
        pass


def test_a_model_alone_may_have_every_place() -> None:
    with ExitStack() as stack:
        assert flooded(Admission(limit=64), stack, "a", 100) == 64


def test_a_flooded_model_leaves_places_to_another() -> None:
    admission = Admission(limit=64)
    with ExitStack() as stack:
        flooded(admission, stack, "quiet", 1)
        assert 50 < flooded(admission, stack, "flooded", 100) < 60
        assert flooded(admission, stack, "quiet", 3) == 3
        with pytest.raises(Overloaded, match="model 'flooded'"), admission.admit("flooded"):
            pass


def test_who_leaves_makes_room_again() -> None:
    admission = Admission(limit=4)
    for _ in range(3):
        with ExitStack() as stack:
            assert flooded(admission, stack, "a", 9) == 4

"""Models share a device by the time that they use it."""

from collections.abc import Mapping

from boxwright.batching.turns import Turns


def order(turns: Turns, costs_ms: Mapping[str, float], rounds: int) -> list[str]:
    """Return whose turn it was, where all always wait."""
    taken = []
    for _ in range(rounds):
        model = turns.next_of(costs_ms)
        turns.used(model, costs_ms[model])
        taken.append(model)
    return taken


def test_a_slow_model_gets_no_more_of_the_device_than_a_fast_one() -> None:
    taken = order(Turns(), {"slow": 100.0, "fast": 2.0}, rounds=1020)
    assert abs(100 * taken.count("slow") - 2 * taken.count("fast")) <= 100


def test_a_model_that_comes_back_gets_no_time_for_its_pause() -> None:
    turns = Turns()
    order(turns, {"steady": 10.0}, rounds=100)
    taken = order(turns, {"steady": 10.0, "back": 10.0}, rounds=100)
    assert taken.count("back") == 50


def test_models_of_one_cost_take_turns() -> None:
    taken = order(Turns(), {"a": 5.0, "b": 5.0, "c": 5.0}, rounds=9)
    assert all(set(taken[i : i + 3]) == {"a", "b", "c"} for i in (0, 3, 6))


def test_one_caller_of_a_slow_model_gets_no_more_of_the_device_than_a_flood_of_a_fast_one() -> None:
    turns, costs_ms = Turns(), {"slow": 100.0, "fast": 2.0}
    taken: list[str] = []
    for _ in range(1020):
        # The caller of "slow" waits for its answer, and so for nothing else while it runs.
        model = turns.next_of({"fast"} if taken[-1:] == ["slow"] else costs_ms)
        turns.used(model, costs_ms[model])
        taken.append(model)
    assert abs(100 * taken.count("slow") - 2 * taken.count("fast")) <= 100

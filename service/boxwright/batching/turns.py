"""Whose turn it is: models share the device by the time that they use it."""

from collections.abc import Collection


class Turns:
    """Gives the next turn to the model that used the device least.

    A model that comes back after a pause is put level with those at work, and gets no time for the
    pause; nor is it let off what it used before.

    Source:
        Start-time fair queueing (Goyal, Vin, Cheng; SIGCOMM 1996), of equal weights.
    """

    def __init__(self) -> None:
        self._used_ms: dict[str, float] = {}
        self._level_ms = 0.0
        """What the model had used that had the last turn. Who has used less is put level."""

    def next_of(self, waiting: Collection[str]) -> str:
        """Return whose turn it is among those that have something to run, at least one."""
        above = {model: ms for model, ms in self._used_ms.items() if ms > self._level_ms}
        self._used_ms = {model: self._level_ms for model in waiting} | above
        chosen = min(waiting, key=self._used_ms.__getitem__)
        self._level_ms = self._used_ms[chosen]
        return chosen

    def used(self, model: str, spent_ms: float) -> None:
        """Note that a model used the device."""
        self._used_ms[model] = self._used_ms.get(model, self._level_ms) + spent_ms

"""How many images of a model run together, and on which canvases: measured, or told."""

from dataclasses import dataclass

from boxwright_contract.input_rule import InputRule

RUNG = 1.2
"""From one side of shared canvases to the next larger one, about."""


@dataclass(frozen=True)
class Tuning:
    """How a model's images run together."""

    sizes: tuple[int, ...] = (1,)
    """How many images a run may have, fewest first. Each is a shape that was run before."""
    delay_s: float = 0.0
    """The longest that an image waits for others to run with."""

    @classmethod
    def up_to(cls, most: int, delay_s: float = 0.0) -> "Tuning":
        """Return the powers of two up to `most`, and `most`.

        Example:
            >>> Tuning.up_to(6).sizes
            (1, 2, 4, 6)
        """
        powers = [1 << n for n in range(most.bit_length()) if 1 << n < most]
        return cls((*powers, most), delay_s)

    @property
    def most(self) -> int:
        """The most images of one run."""
        return self.sizes[-1]

    def size_for(self, waiting: int) -> int:
        """Return how many of those that wait, at least one, run next."""
        return max(size for size in self.sizes if size <= waiting)

    def canvas(self, rule: InputRule, height_px: int, width_px: int) -> tuple[int, int]:
        """Return the canvas that a resized image is placed on.

        It depends on the image's own size alone, so that the same image is always seen alike. Where
        images run alone it is the smallest; where they run together, one of a few.
        """
        smallest = rule.canvas(height_px, width_px)
        if self.most == 1:
            return smallest
        rungs = _rungs(rule)
        height, width = (min((r for r in rungs if r >= side), default=side) for side in smallest)
        return height, width


def _rungs(rule: InputRule) -> list[int]:
    """Return the sides of shared canvases: the rule's own, some between, and some below."""
    step = rule.divisor

    def up(side_px: float) -> int:
        return int(-(-side_px // step)) * step

    short, long = up(rule.short_side_px), up(rule.long_side_px)
    rungs = {short, long}
    side = up(short * RUNG)
    while side < long:
        rungs.add(side)
        side = up(side * RUNG)
    side = short
    while side > step:
        side = min(up(side / RUNG), side - step)
        rungs.add(side)
    return sorted(rungs)

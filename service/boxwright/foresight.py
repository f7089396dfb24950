"""Whether a request that comes now can be answered in time, by what is inside and how fast it goes.

Models share the device by the time that they use. So a new request waits for what is inside of its
own model, and for as much work of each other model, or for as much as that has.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from boxwright_contract.errors import Overloaded

SMOOTHING = 0.1
"""Weight of the newest time in a mean."""
LEAST = 10
"""Times that a mean needs. Before that nothing is foretold, and nobody refused for it."""
MARGIN = 1.2
"""Images differ. Who has less than so many times the time that is foretold, is refused."""

Step: TypeAlias = Literal["prepare", "propose", "run"]
"""They go on side by side, so the slowest sets the pace."""


@dataclass(frozen=True)
class Load:
    """What is inside of a model."""

    images: int
    image_s: float
    """From one answer to the next, while there is work."""

    @property
    def work_s(self) -> float:
        """Until all are answered, if the model had the server to itself."""
        return self.images * self.image_s


def foretold_s(own: Load, others: Iterable[Load]) -> float:
    """Return when the last of a model's requests is answered, while the server does all of them.

    Example:
        >>> foretold_s(Load(10, 0.02), [Load(50, 0.1), Load(1, 0.1)])
        0.5
    """
    return own.work_s + sum(min(other.work_s, own.work_s) for other in others)


@dataclass
class Mean:
    """A mean of times, the newest counting most."""

    seconds: float = 0.0
    times: int = 0

    def add(self, seconds: float) -> None:
        """Note one more."""
        self.times += 1
        self.seconds += max(SMOOTHING, 1 / self.times) * (seconds - self.seconds)


class Foresight:
    """How fast each model is answered, as measured; who cannot be answered in time is refused."""

    def __init__(self) -> None:
        self._means: defaultdict[str, defaultdict[Step, Mean]]
        self._means = defaultdict(lambda: defaultdict(Mean))

    def spent(self, model: str, step: Step, image_s: float) -> None:
        """Note what a step of an image took, over how many are done at once."""
        self._means[model][step].add(image_s)

    def spent_alone(self, model: str, step: Step, image_s: float) -> None:
        """Note what a step of an image took that had the server to itself.

        Many take no longer, each; so it tells only of a mean that is too high, after a stall say.
        """
        if image_s < self._means[model][step].seconds:
            self.spent(model, step, image_s)

    def check(self, model: str, inside: Mapping[str, int], left_s: float, mates: int = 0) -> None:
        """Raise Overloaded if one more image of a model would be answered too late.

        One request of each model is let in, whatever is foretold: so it is measured anew.

        Args:
            model: Its name.
            inside: How many images of each model wait or are in work.
            left_s: How long somebody waits for it.
            mates: How many images of its own request are inside.
        """
        own = Load(inside.get(model, 0) + 1, self._image_s(model))
        if own.images <= 1 + mates or left_s <= 0:
            return
        others = [Load(n, self._image_s(name)) for name, n in inside.items() if name != model]
        needed_s = MARGIN * foretold_s(own, others)
        if needed_s <= left_s:
            return
        retry_after_ms = max(1, round(1e3 * needed_s))  # who is inside is answered by then
        raise Overloaded(
            f"an answer may take {needed_s:.2f} s now, and {left_s:.2f} s are left until the "
            f"deadline, so nothing was begun. Allow more time, or try again in {retry_after_ms} "
            "ms, or start more servers.",
            retry_after_ms,
        )

    def _image_s(self, model: str) -> float:
        """Return the time from one answer of a model to the next; 0: it is not known yet."""
        steps = self._means[model].values()
        return max((mean.seconds for mean in steps if mean.times >= LEAST), default=0.0)

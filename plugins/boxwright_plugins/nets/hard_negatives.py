"""Mining of hard negatives: one pass over the images, with machines that are fitted as it goes on.

Of the first images every negative is taken; after that those that the machines do not yet put
behind their margin. Machines are fitted again when enough have come, and drop the easy ones then.

Source: Felzenszwalb et al. 2010, section IV.C, as rcnn_train.m of rbgirshick/rcnn does it.
"""

import numpy as np
from numpy.typing import NDArray

from boxwright_plugins.nets.svm import Machine, fit

HARD = -1.0001
"""A negative with a greater margin is hard."""
EASY = -1.2
"""A negative with a smaller margin is dropped."""
ENOUGH = 2000
"""Negatives that have come since a machine was fitted, for it to be fitted again."""


class Miner:
    """The machine of one class, and the examples that it is fitted to."""

    def __init__(self, positive: NDArray[np.float32]) -> None:
        """Begin with the positive examples (E, F), all there are."""
        self.positive = positive
        self.negative = positive[:0]
        self.unseen = 0
        """Negatives that have come since the machine was fitted."""
        self.machine: Machine | None = None

    def see(self, features: NDArray[np.float32]) -> None:
        """Learn from the negatives (R, F) of some images."""
        if self.machine is not None:
            features = features[margins(self.machine, features) > HARD]
        self.negative = np.concatenate([self.negative, features])
        self.unseen += len(features)
        if self.unseen > (ENOUGH if self.machine is not None else 0):
            self.finish()

    def finish(self) -> Machine:
        """Return the machine, fitted to all that is left of what was seen."""
        if self.machine is None or self.unseen:
            self.machine = fit(self.positive, self.negative)
            self.negative = self.negative[margins(self.machine, self.negative) >= EASY]
            self.unseen = 0
        return self.machine


def margins(machine: Machine, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how far on its side the machine puts each row of `features` (R, F)."""
    return features @ machine.weight + machine.bias

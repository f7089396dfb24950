"""Linear support vector machines, one a class, against everything that is not that class.

Source: Girshick et al. 2014 (arXiv:1311.2524), section 2.3 and appendix B; the numbers from
rcnn_train.m of rbgirshick/rcnn.

Shape shorthand: R regions, F features of a region, K classes, E examples.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from boxwright_contract.errors import MissingInstall

C = 1e-3
POSITIVE_WEIGHT = 2.0
BIAS_FEATURE = 10.0
"""The constant feature that the bias belongs to: the larger, the less the bias is held down."""
MEAN_NORM = 20.0
"""Of features, once they are rescaled: C depends on it."""
NEVER = -20.0
"""The margin of a class that was never shown."""


class Svms(nn.Module):
    """What the machines say; they are fitted once the network is trained."""

    weight: Tensor
    bias: Tensor
    scale: Tensor
    fitted: Tensor

    def __init__(self, classes: int, features: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(classes, features))
        self.register_buffer("bias", torch.full((classes,), NEVER))
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("fitted", torch.zeros((), dtype=torch.bool))

    def forward(self, features: Tensor) -> Tensor:
        """Map (R, F) to a score in 0..1 for each class, (R, K): a margin of 0 scores 0.5."""
        return torch.sigmoid(functional.linear(features * self.scale, self.weight, self.bias))


class Machine(NamedTuple):
    """A linear support vector machine."""

    weight: NDArray[np.float64]
    """(F,)"""
    bias: float


def fit(positive: NDArray[np.float32], negative: NDArray[np.float32]) -> Machine:
    """Return the machine that tells `positive` (E, F) from `negative` (E, F).

    Raises:
        MissingInstall: scikit-learn, which comes with the workshop, is not there.
    """
    if not len(positive) or not len(negative):
        return Machine(np.zeros(positive.shape[1]), 1.0 if len(positive) else NEVER)
    try:
        from sklearn.svm import LinearSVC
    except ModuleNotFoundError as error:
        raise MissingInstall(
            "support vector machines are fitted by scikit-learn, which is not installed. "
            "Run: pip install 'boxwright[workshop]'"
        ) from error
    machine = LinearSVC(
        C=C,
        loss="hinge",
        dual=True,
        class_weight={1: POSITIVE_WEIGHT},
        intercept_scaling=BIAS_FEATURE,
        max_iter=10_000,
        random_state=0,
    )
    labels = np.repeat([1, 0], [len(positive), len(negative)])
    machine.fit(np.concatenate([positive, negative]), labels)
    return Machine(machine.coef_[0], float(machine.intercept_[0]))

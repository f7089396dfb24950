"""Ridge regression of boxes from what the backbone makes of their regions, one for each class.

Its features are those of the coarsest level, averaged into a grid of as many cells as keep them
under MOST_FEATURES: the paper takes all, but their products, which are summed over the examples,
would take gigabytes for each class.

Source: Girshick et al. 2014 (arXiv:1311.2524), appendix C; the numbers, the rescaling of features
and the whitening of targets from rcnn_train_bbox_regressor.m of rbgirshick/rcnn.

Shape shorthand: R regions, C channels, F features of a region, K classes.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

LAMBDA = 1000.0
MIN_IOU = 0.6
"""A region teaches how to move to a true box if their IoU is above this."""
MEAN_NORM = 20.0
"""Of features, once they are rescaled: LAMBDA depends on it."""
MOST_FEATURES = 2048
WHITENING = 1e-3
"""Added to the variances of targets."""


class Ridge(nn.Module):
    """Features of a region, and the deltas that each class makes of them once it is fitted."""

    pooling: Tensor
    weight: Tensor
    scale: Tensor
    fitted: Tensor

    def __init__(self, classes: int, channels: int, cells: int) -> None:
        """Take the coarsest level's channels, and its cells along each side of a region."""
        super().__init__()
        grid = max(1, min(cells, int((MOST_FEATURES / channels) ** 0.5)))
        each = torch.eye(cells**2).reshape(-1, 1, cells, cells)
        self.features = channels * grid**2
        self.register_buffer(
            "pooling", functional.adaptive_avg_pool2d(each, grid).flatten(1), persistent=False
        )
        self.register_buffer("weight", torch.zeros(classes, 4, self.features + 1))
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("fitted", torch.zeros((), dtype=torch.bool))

    def pooled(self, level: Tensor) -> Tensor:
        """Map (R, C, cells, cells) to (R, F)."""
        return (level.flatten(2) @ self.pooling).flatten(1)

    def forward(self, level: Tensor) -> Tensor:
        """Map (R, C, cells, cells) to the deltas of each class, (R, 4 * K)."""
        weight = self.weight.flatten(0, 1)
        return functional.linear(self.pooled(level) * self.scale, weight[:, :-1], weight[:, -1])


class Sums:
    """What the regression of one class needs of its examples: F ** 2 numbers, however many."""

    def __init__(self, features: int) -> None:
        self.count = 0
        self.features = torch.zeros(features + 1, features + 1, dtype=torch.float64)
        self.both = torch.zeros(features + 1, 4, dtype=torch.float64)
        self.targets = torch.zeros(4, 4, dtype=torch.float64)
        self.target = torch.zeros(4, dtype=torch.float64)

    def add(self, features: Tensor, targets: Tensor) -> None:
        """Add examples: rescaled features (R, F), and deltas (R, 4) that lead to the true box."""
        known = torch.cat((features, torch.ones_like(features[:, :1])), dim=1).double().cpu()
        wanted = targets.double().cpu()
        self.count += len(known)
        self.features += known.T @ known
        self.both += known.T @ wanted
        self.targets += wanted.T @ wanted
        self.target += wanted.sum(dim=0)

    def solved(self) -> Tensor:
        """Return the weights of each of the 4 deltas, (4, F + 1), the bias last.

        Targets are centred and whitened before the regression; this is undone in the weights.
        """
        count = max(1, self.count)
        mean = self.target / count
        variances, axes = torch.linalg.eigh(self.targets / count - mean.outer(mean))
        deviations = (variances.clamp(min=0) + WHITENING).sqrt()
        whiten, unwhiten = (axes @ torch.diag(d) @ axes.T for d in (1 / deviations, deviations))
        ones = self.features[:, -1:]  # the products of each feature with the constant one
        wanted = (self.both - ones * mean) @ whiten
        held = self.features + LAMBDA * torch.eye(len(self.features), dtype=torch.float64)
        weight = torch.cholesky_solve(wanted, torch.linalg.cholesky(held)) @ unwhiten
        weight[-1] += mean
        return weight.T

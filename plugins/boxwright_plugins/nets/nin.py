"""Network in Network: each convolution is followed by a small perceptron over channels.

The layers are those of the authors' ImageNet model. Two paddings differ from it, so that a level
has exactly H / stride cells: the first convolution pads by 4 where theirs does not pad, and the
poolings by 1 where theirs let the last window hang over the end. There the cells lie on the grid
that detectors count on; the authors' own weights would see it shifted by 4 px.

Source: Lin, Chen & Yan 2014 (arXiv:1312.4400), section 3.1; layers: the authors' Caffe model.
"""

from collections import OrderedDict
from itertools import pairwise

from torch import Tensor, nn

from boxwright_plugins.nets.he_initialization import with_he_weights

# of each stage: (kernel, stride, padding) of its convolution, then the channels of its layers
STAGES = (
    ((11, 4, 4), (96, 96, 96)),
    ((5, 1, 2), (256, 256, 256)),
    ((3, 1, 1), (384, 384, 384)),
    ((3, 1, 1), (1024, 1024)),
)


class Nin(nn.Module):
    """The stages, with a pooling by 2 between them, and without the last layer, one map a class."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList()
        channels = 3
        for (kernel, stride, padding), (first, *perceptron) in STAGES:
            layers: list[nn.Module] = [nn.Conv2d(channels, first, kernel, stride, padding)]
            for before, after in pairwise((first, *perceptron)):
                layers += [nn.ReLU(), nn.Conv2d(before, after, kernel_size=1)]
            self.stages.append(nn.Sequential(*layers, nn.ReLU()))
            channels = perceptron[-1]
        self.pool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        with_he_weights(self)

    def forward(self, x: Tensor) -> "OrderedDict[str, Tensor]":
        """Map (N, 3, H, W) to C2 to C5."""
        levels = OrderedDict()
        for power, stage in enumerate(self.stages, start=2):
            x = stage(x if power == 2 else self.pool(x))
            levels[f"C{power}"] = x
        return levels

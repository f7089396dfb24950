"""A backbone on which any detector is quick, to examine detectors on."""

from torch import Tensor, nn

from boxwright_contract.catalog import Offer
from boxwright_contract.parts import Backbone, Level, Preprocessing

LEVELS = (Level("C2", channels=16, stride=4), Level("C3", 24, 8), Level("C4", 32, 16))


class SmallBackbone(nn.Module):
    """A convolution for each level."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 16, 7, 4, 3), nn.BatchNorm2d(16), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(16, 24, 3, 2, 1), nn.BatchNorm2d(24), nn.ReLU())
        self.third = nn.Sequential(nn.Conv2d(24, 32, 3, 2, 1), nn.BatchNorm2d(32), nn.ReLU())

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Map (N, 3, H, W) to `LEVELS`."""
        c2 = self.first(x)
        c3 = self.second(c2)
        return {"C2": c2, "C3": c3, "C4": self.third(c3)}


BACKBONE = Offer(
    Backbone(
        name="small",
        levels=LEVELS,
        preprocessing=Preprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
        build=SmallBackbone,
        source="made to examine detectors on",
    ),
    "boxwright",
    "0",
)

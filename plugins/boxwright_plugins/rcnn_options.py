"""What R-CNN can be told."""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from boxwright_contract.bounds import Count, Share, ShareAbove0
from boxwright_contract.errors import BadSettings
from boxwright_plugins.conclusion_options import ConclusionOptions


@dataclass(frozen=True, kw_only=True)
class Options(ConclusionOptions):
    """What R-CNN can be told.

    The defaults are the paper's, but for these: its head has 4096 channels, under support vector
    machines and ridge regression; its code suppresses at an IoU of 0.3; and a batch is 128 regions
    of all images, not 32 of each.
    """

    region_px: Count = 224
    """Sides of the square that each region is warped to: a multiple of the backbone's stride."""
    context_px: Annotated[int, Meta(ge=0)] = 16
    """How much of that, on each side, shows what is around the region."""
    head_channels: Count = 1024
    """Of each of the two fully connected layers."""
    classifier: Literal["softmax", "svm"] = "softmax"
    """ "svm" fits linear support vector machines to the features of the trained network.

    A region on the border of a class scores 0.5, one at the margin against it 0.27.
    """
    regression: Literal["network", "ridge"] = "network"
    """ "ridge" fits the boxes by ridge regression on the features of the trained network."""
    regions_train: Count = 32
    """Regions of an image that are sampled for the losses."""
    positive_share: ShareAbove0 = 0.25
    """Of these, at most, that show an object."""
    positive_iou: ShareAbove0 = 0.5
    """From this IoU with a true box on, a region shows that object."""
    background_iou: tuple[Share, Share] = (0.0, 0.5)
    """From the first on, and under the second, a region shows background."""
    regions_at_once: Count = 8
    """Regions of an image that the backbone is run on together: memory grows with it.

    With 8, ONNX Runtime takes 260 MB for efficientnet_lite0, 770 for vgg16 and 1,090 for resnet50,
    the last while it loads; with 16 it is no faster.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        low, high = self.background_iou
        if low >= high:
            raise BadSettings(
                f"background_iou is {self.background_iou}: no region is at {low} or more and under "
                f"{high}. Make the first less than the second, as in (0.0, 0.5)."
            )

"""What Fast R-CNN can be told."""

from dataclasses import dataclass
from typing import Literal

from boxwright_contract.bounds import Count
from boxwright_plugins.conclusion_options import ConclusionOptions


@dataclass(frozen=True, kw_only=True)
class Options(ConclusionOptions):
    """What Fast R-CNN can be told.

    The defaults are the paper's, but for these: its head has 4096 channels, its code suppresses at
    an IoU of 0.3, and it samples 64 regions of each of two images.
    """

    levels: tuple[str, ...] = ()
    """Names of the backbone's levels to use.

    Empty: the deepest of each stride. Where the neck makes one level of these, the deepest of
    stride 16, if there is one.
    """
    neck: str = "none"
    """Name of what makes levels of these."""
    neck_channels: Count = 256
    """Of each level that the neck makes; "none" leaves the backbone's."""
    pooling: Literal["max", "align"] = "max"
    """ "max" is the paper's: cells of whole pixels. "align" averages between pixels."""
    region_cells: Count = 7
    """A region is pooled to this many cells a side."""
    canonical_side_px: Count = 224
    """Of several levels, a square region of this side is pooled from the one with stride 16."""
    head_channels: Count = 1024
    """Of each of the two fully connected layers."""
    regions_train: Count = 128
    """Regions of an image that are sampled for the losses."""
    singular_values: tuple[Count, ...] = ()
    """How many each fully connected layer keeps when it is not training; all, if empty.

    (1024, 256) in the paper, where the layers have 4096 channels. The trained weights stay whole.
    """

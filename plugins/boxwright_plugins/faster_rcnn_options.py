"""What Faster R-CNN can be told."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from boxwright_contract.bounds import Above0, Count, Share
from boxwright_plugins.conclusion_options import ConclusionOptions


@dataclass(frozen=True, kw_only=True)
class Options(ConclusionOptions):
    """What Faster R-CNN can be told. The defaults are torchvision's fasterrcnn_resnet50_fpn."""

    levels: tuple[str, ...] = ()
    """Names of the backbone's levels to use. Empty: the deepest of each stride."""
    neck: str = "fpn"
    """Name of what makes levels of these."""
    neck_channels: Count = 256
    """Of each level that the neck makes; "none" leaves the backbone's."""
    anchor_sides_px: tuple[tuple[Count, ...], ...] = ()
    """Square roots of the anchors' areas, for each level that proposals come from.

    They are the neck's and, where it makes several, one more at twice the coarsest's stride.
    Empty: one a level, 8 times its stride; on a single level three, 4, 8 and 16 times its stride.
    """
    anchor_ratios: Annotated[tuple[Above0, ...], Meta(min_length=1)] = (0.5, 1.0, 2.0)
    """Height over width."""
    candidates: Count = 1000
    """Anchors of a level that are looked at, best first."""
    candidates_train: Count = 2000
    proposals: Count = 1000
    """Proposals of an image that reach the region heads."""
    proposals_train: Count = 2000
    min_objectness: Share = 0.0
    region_cells: Count = 7
    """A region is pooled to this many cells a side."""
    regions_train: Count = 512
    """Regions of an image that are sampled for the region losses."""
    canonical_side_px: Count = 224
    """A square region of this side is pooled from the level with stride 16."""
    head_channels: Count = 1024

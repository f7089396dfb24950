"""What Faster R-CNN can be told, which levels it then stands on, and how it calls its own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_lowercase

from boxwright_contract.errors import BadSettings, UnknownName
from boxwright_contract.parts import Backbone, Level


@dataclass(frozen=True, kw_only=True)
class Options:
    """What Faster R-CNN can be told. The defaults are torchvision's fasterrcnn_resnet50_fpn."""

    levels: tuple[str, ...] = ()
    """Names of the backbone's levels to use. Empty: the deepest of each stride."""
    pyramid_channels: int = 256
    anchor_sides_px: tuple[tuple[int, ...], ...] = ()
    """Square roots of the anchors' areas, for each level and the extra one.

    Empty: one a level, 8 times its stride.
    """
    anchor_ratios: tuple[float, ...] = (0.5, 1.0, 2.0)
    """Height over width."""
    candidates: int = 1000
    """Anchors of a level that are looked at, best first."""
    candidates_train: int = 2000
    proposals: int = 1000
    """Proposals of an image that reach the region heads."""
    proposals_train: int = 2000
    min_objectness: float = 0.0
    region_cells: int = 7
    """A region is pooled to this many cells a side."""
    regions_train: int = 512
    """Regions of an image that are sampled for the region losses."""
    canonical_side_px: int = 224
    """A square region of this side is pooled from the level with stride 16."""
    head_channels: int = 1024
    min_score: float = 0.05
    suppression_iou: float = 0.5
    most_detections: int = 100


def backbone_levels(backbone: Backbone, options: Options) -> tuple[Level, ...]:
    """Return the levels of `backbone` that stand under the pyramid, finest first.

    Raises:
        UnknownName: The backbone has no such level.
        BadSettings: A stride between them is left out.
    """
    known = {level.name: level for level in backbone.levels}
    for name in options.levels:
        if name not in known:
            raise UnknownName.among(f"level of {backbone.name}", name, known)
    deepest = {level.stride: name for name, level in known.items()}
    chosen = options.levels or deepest.values()
    levels = tuple(level for name, level in known.items() if name in chosen)
    strides = [level.stride for level in levels]
    if any(coarse not in (fine, 2 * fine) for fine, coarse in pairwise(strides)):
        raise BadSettings(
            f"the levels {', '.join(level.name for level in levels)} of {backbone.name} have the "
            f"strides {strides}. Choose levels of which each stride is the one before or its "
            "double: regions are assigned to levels by doublings of their size."
        )
    return levels


def pyramid_names(levels: Sequence[Level]) -> tuple[str, ...]:
    """Return the names of the pyramid's levels over `levels`, and of the extra one, the last.

    P4 has a stride of 2 ** 4. Levels that share a stride are told apart by a letter: P5a, P5b.
    """
    powers = [level.stride.bit_length() - 1 for level in levels]
    total, seen = Counter(powers), Counter[int]()
    names = []
    for power in powers:
        letter = ascii_lowercase[seen[power]] if total[power] > 1 else ""
        names.append(f"P{power}{letter}")
        seen[power] += 1
    return (*names, f"P{powers[-1] + 1}")

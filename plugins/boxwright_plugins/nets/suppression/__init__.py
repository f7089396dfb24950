"""Ways to make one detection of several boxes of a class on one object, in eager torch.

Each maps the boxes (S, 4) of one class, and their scores (S,), to what it leaves.
"""

from torch import Tensor
from torchvision.ops import nms

from boxwright_plugins.conclusion_options import ConclusionOptions
from boxwright_plugins.nets.suppression.left import Left
from boxwright_plugins.nets.suppression.soft import soft
from boxwright_plugins.nets.suppression.weighted_fusion import weighted_fusion


def suppress(boxes: Tensor, scores: Tensor, options: ConclusionOptions) -> Left:
    """Return what `options` leave of the boxes of one class, or the best of it."""
    match options.suppression:
        case "greedy":
            kept = nms(boxes, scores, options.suppression_iou)
            return Left(boxes[kept], scores[kept], kept)
        case "soft_linear" | "soft_gaussian":
            return soft(boxes, scores, options)
        case "weighted_fusion":
            return weighted_fusion(boxes, scores, options)

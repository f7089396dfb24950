"""Ways to make one detection of several boxes of a class on one object, as parts of a graph.

Each is a module that maps the boxes (N, P, K, 4) and the scores (N, P, K) of N images, P rows and K
classes to the best D of each image. A score is DROPPED where a box does not count. Boxes of another
image or class are never compared. Of equal scores, that of the lower row comes first, then that of
the lower class.
"""

from torch import nn

from boxwright_plugins.conclusion_options import ConclusionOptions
from boxwright_plugins.graph.suppression.greedy import Greedy
from boxwright_plugins.graph.suppression.soft import Soft, gaussian, linear
from boxwright_plugins.graph.suppression.weighted_fusion import WeightedFusion


def suppression_of(options: ConclusionOptions) -> nn.Module:
    """Return the part of a graph that `options` ask for."""
    most = options.most_detections
    match options.suppression:
        case "greedy":
            return Greedy(options.suppression_iou, most)
        case "soft_linear":
            return Soft(linear(options.suppression_iou), most)
        case "soft_gaussian":
            return Soft(gaussian(options.soft_sigma), most)
        case "weighted_fusion":
            return WeightedFusion(options.suppression_iou, options.fused_candidates, most)

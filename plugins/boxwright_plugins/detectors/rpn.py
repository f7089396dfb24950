"""The proposal network of Faster R-CNN, alone: where objects are, not what they are.

It is Faster R-CNN's network, with its options, so that a checkpoint of that is one of this. What
it finds can be the proposals of another model.

Source: Ren, He, Girshick & Sun 2015 (arXiv:1506.01497), section 3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Batch, Detections, Detector, Losses, Truth
from boxwright_plugins.detectors import faster_rcnn
from boxwright_plugins.faster_rcnn_options import Options

if TYPE_CHECKING:
    from torch import nn

    from boxwright_plugins.nets.faster_rcnn import FasterRcnn


def losses(net: nn.Module, batch: Batch, truths: list[Truth]) -> Losses:
    """Return the losses of objectness and of boxes."""
    from boxwright_plugins.nets import rpn

    return rpn.losses(cast("FasterRcnn", net), batch, truths)


def detect(net: nn.Module, batch: Batch) -> list[Detections]:
    """Return what torchvision's own code proposes."""
    from boxwright_plugins.nets import rpn

    return rpn.detect(cast("FasterRcnn", net), batch)


def exportable(net: nn.Module) -> nn.Module:
    """Return the form without data-dependent shapes."""
    from boxwright_plugins.graph.rpn import exportable

    return exportable(cast("FasterRcnn", net))


@hookimpl
def boxwright_detectors() -> list[Detector]:
    """Offer the proposal network."""
    return [
        Detector(
            name="rpn",
            options=Options,
            build=faster_rcnn.build,
            losses=losses,
            detect=detect,
            exportable=exportable,
            levels=faster_rcnn.levels,
            features=faster_rcnn.features,
            class_agnostic=True,
            source="Ren et al. 2015, arXiv:1506.01497",
        )
    ]

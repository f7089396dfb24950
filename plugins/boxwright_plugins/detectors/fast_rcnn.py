"""Fast R-CNN: one pass over the image, one head for each region that a proposal names.

Source: Girshick 2015 (arXiv:1504.08083).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import (
    Backbone,
    Batch,
    Detections,
    Detector,
    Losses,
    Truth,
)
from boxwright_plugins.fast_rcnn_levels import region_levels
from boxwright_plugins.fast_rcnn_options import Options

if TYPE_CHECKING:
    from torch import nn

    from boxwright_plugins.nets.fast_rcnn import FastRcnn


def build(backbone: Backbone, classes: int, options: Options) -> nn.Module:
    """Return the module that is trained."""
    from boxwright_plugins.nets.fast_rcnn import FastRcnn

    return FastRcnn(backbone, classes, options)


def losses(net: nn.Module, batch: Batch, truths: list[Truth]) -> Losses:
    """Return the losses of classes and of boxes, over sampled proposals."""
    from boxwright_plugins.nets import fast_rcnn

    return fast_rcnn.losses(cast("FastRcnn", net), batch, truths)


def detect(net: nn.Module, batch: Batch) -> list[Detections]:
    """Return what is found at the proposals."""
    from boxwright_plugins.nets import fast_rcnn

    return fast_rcnn.detect(cast("FastRcnn", net), batch)


def exportable(net: nn.Module) -> nn.Module:
    """Return the form without data-dependent shapes."""
    from boxwright_plugins.graph.fast_rcnn import exportable

    return exportable(cast("FastRcnn", net))


def features(net: nn.Module) -> nn.Module:
    """Return the backbone under its neck."""
    return net.get_submodule("backbone")


@hookimpl
def boxwright_detectors() -> list[Detector]:
    """Offer Fast R-CNN."""
    return [
        Detector(
            name="fast_rcnn",
            options=Options,
            build=build,
            losses=losses,
            detect=detect,
            exportable=exportable,
            levels=region_levels,
            features=features,
            needs_proposals=True,
            source="Girshick 2015, arXiv:1504.08083",
        )
    ]

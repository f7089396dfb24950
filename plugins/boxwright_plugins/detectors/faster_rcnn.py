"""Faster R-CNN: the network proposes its own regions.

Source: Ren, He, Girshick & Sun 2015 (arXiv:1506.01497), with the feature pyramid of Lin et al.
2017 (arXiv:1612.03144) and RoIAlign of He et al. 2017 (arXiv:1703.06870), as in torchvision.
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
    RegionLevel,
    Truth,
)
from boxwright_plugins.faster_rcnn_options import Options

if TYPE_CHECKING:
    from torch import nn

    from boxwright_plugins.nets.faster_rcnn import FasterRcnn


def build(backbone: Backbone, classes: int, options: Options) -> nn.Module:
    """Return the module that is trained."""
    from boxwright_plugins.nets.faster_rcnn import FasterRcnn

    return FasterRcnn(backbone, classes, options)


def losses(net: nn.Module, batch: Batch, truths: list[Truth]) -> Losses:
    """Return the losses of the proposal network and of the region heads."""
    from boxwright_plugins.nets import faster_rcnn

    return faster_rcnn.losses(cast("FasterRcnn", net), batch, truths)


def detect(net: nn.Module, batch: Batch) -> list[Detections]:
    """Return what torchvision's own code finds."""
    from boxwright_plugins.nets import faster_rcnn

    return faster_rcnn.detect(cast("FasterRcnn", net), batch)


def exportable(net: nn.Module) -> nn.Module:
    """Return the form without data-dependent shapes."""
    from boxwright_plugins.graph.faster_rcnn import exportable

    return exportable(cast("FasterRcnn", net))


def levels(backbone: Backbone, options: Options) -> tuple[RegionLevel, ...]:
    """Return the levels that proposals come from, with their anchors."""
    from boxwright_plugins.nets import faster_rcnn

    return faster_rcnn.region_levels(backbone, options)


def features(net: nn.Module) -> nn.Module:
    """Return the backbone under its neck."""
    return net.get_submodule("backbone")


@hookimpl
def boxwright_detectors() -> list[Detector]:
    """Offer Faster R-CNN."""
    return [
        Detector(
            name="faster_rcnn",
            options=Options,
            build=build,
            losses=losses,
            detect=detect,
            exportable=exportable,
            levels=levels,
            features=features,
            source="Ren et al. 2015, arXiv:1506.01497",
        )
    ]

"""R-CNN: a convolutional network looks at each proposed region by itself.

Source: Girshick, Donahue, Darrell & Malik 2014 (arXiv:1311.2524).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import (
    Backbone,
    Batch,
    Chunked,
    Detections,
    Detector,
    Losses,
    RegionLevel,
    Truth,
)
from boxwright_plugins.rcnn_options import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import Tensor, nn

    from boxwright_plugins.nets.rcnn import Rcnn


def build(backbone: Backbone, classes: int, options: Options) -> nn.Module:
    """Return the module that is trained."""
    from boxwright_plugins.nets.rcnn import Rcnn

    return Rcnn(backbone, classes, options)


def losses(net: nn.Module, batch: Batch, truths: list[Truth]) -> Losses:
    """Return the losses of classes and boxes, over sampled regions."""
    from boxwright_plugins.nets import rcnn

    return rcnn.losses(cast("Rcnn", net), batch, truths)


def detect(net: nn.Module, batch: Batch) -> list[Detections]:
    """Return what is found among the proposals."""
    from boxwright_plugins.nets import rcnn

    return rcnn.detect(cast("Rcnn", net), batch)


def exportable(net: nn.Module) -> nn.Module:
    """Return the graph that looks at some regions."""
    from boxwright_plugins.graph import rcnn

    return rcnn.exportable(cast("Rcnn", net))


def conclusion(net: nn.Module) -> nn.Module:
    """Return the graph that makes detections of all regions."""
    from boxwright_plugins.graph import rcnn

    return rcnn.conclusion(cast("Rcnn", net))


def conclude(net: nn.Module, regions: Tensor, proposals: Tensor, image_size: Tensor) -> Detections:
    """Return the detections of one image, of all its regions."""
    from boxwright_plugins.nets import rcnn

    return rcnn.concluded(cast("Rcnn", net), regions, proposals, image_size)


def regions_at_once(options: Options) -> int:
    """Return how many regions of an image the first graph is given."""
    return options.regions_at_once


def levels(_backbone: Backbone, _options: Options) -> tuple[RegionLevel, ...]:
    """Return none: each region has a feature map of its own."""
    return ()


def features(net: nn.Module) -> nn.Module:
    """Return what sees a region."""
    return net.get_submodule("backbone")


def after_training(
    net: nn.Module, examples: Callable[[], Iterable[tuple[Batch, list[Truth]]]]
) -> None:
    """Fit the support vector machines and the ridge regression, where they were asked for."""
    from boxwright_plugins.nets import rcnn_fit

    rcnn_fit.fit(cast("Rcnn", net), examples)


@hookimpl
def boxwright_detectors() -> list[Detector]:
    """Offer R-CNN."""
    return [
        Detector(
            name="rcnn",
            options=Options,
            build=build,
            losses=losses,
            detect=detect,
            exportable=exportable,
            levels=levels,
            features=features,
            needs_proposals=True,
            chunked=Chunked(most=regions_at_once, conclusion=conclusion, conclude=conclude),
            after_training=after_training,
            source="Girshick et al. 2014, arXiv:1311.2524",
        )
    ]

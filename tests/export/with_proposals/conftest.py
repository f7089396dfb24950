"""Small detectors that need proposals, and what a bundle of each is made from."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from boxwright_contract.card import WeightsRecord
from boxwright_contract.catalog import Catalog, Offer
from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import Backbone, Level, Preprocessing
from boxwright_contract.proposal_rule import ProposalRule
from boxwright_workshop.export import Release
from boxwright_workshop.recipe import converted

CLASSES = ("ash", "birch", "cedar")
RULE = InputRule(short_side_px=96, long_side_px=160, divisor=16)
PROPOSALS = ProposalRule(source="sliding_window", limit=80, longest_side_px=200)
OPTIONS = {
    "fast_rcnn": {"head_channels": 16, "min_score": 0.3, "most_detections": 20},
    "rcnn": {
        "region_px": 32,
        "context_px": 2,
        "head_channels": 16,
        "min_score": 0.3,
        "most_detections": 20,
    },
}


class Body(nn.Module):
    """One level of random features."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 16, 16)

    def forward(self, x: Tensor) -> "OrderedDict[str, Tensor]":
        return OrderedDict(C4=self.conv(x).sin())


BACKBONE = Backbone(
    name="one_level",
    levels=(Level("C4", 8, 16),),
    preprocessing=Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2)),
    build=Body,
    source="made for tests",
)


def made(name: str) -> Release:
    """Return an untrained detector that finds things nevertheless."""
    offer = Catalog.installed().detectors[name]
    options: Any = converted(OPTIONS[name], offer.part.options, "the options")
    torch.manual_seed(0)
    net = offer.part.build(BACKBONE, len(CLASSES), options)
    with torch.no_grad():
        net.get_parameter("predictor.cls_score.weight").mul_(12)
        net.get_parameter("predictor.bbox_pred.weight").mul_(5)
    return Release(
        net=net,
        detector=offer,
        backbone=Offer(BACKBONE, "arboretum", "3.1"),
        options=options,
        classes=CLASSES,
        input=RULE,
        proposals=PROPOSALS,
        weights=WeightsRecord(origin="untrained", licence="none"),
        min_score=0.4,
    )


@pytest.fixture(name="made", scope="session")
def fixture_made() -> Callable[[str], Release]:
    """An untrained detector that finds things nevertheless: (name)."""
    return made

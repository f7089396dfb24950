"""A detector on a small backbone, taught a little, and its graph."""

import tempfile
from dataclasses import dataclass
from functools import cached_property
from math import lcm
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from boxwright_contract.catalog import Offer
from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import Batch, Detector, RegionLevel, Truth
from boxwright_workshop.conformance.scenes import CLASSES, around, scene, scenes
from boxwright_workshop.conformance.small_backbone import BACKBONE
from boxwright_workshop.conformance.specimen import Specimen
from boxwright_workshop.graphs import Session, export_graphs
from boxwright_workshop.parity.comparison import Comparison
from boxwright_workshop.parity.gate import compared
from boxwright_workshop.parity.regions import in_shares

STEPS = 16
RATE = 1e-3
CANVASES = 8
"""Export compares on more; this many show a mistake."""
RULE = InputRule(
    short_side_px=96, long_side_px=160, divisor=lcm(*(lev.stride for lev in BACKBONE.part.levels))
)


@dataclass(frozen=True)
class DetectorSpecimen(Specimen):
    """A detector with its default options, for two classes."""

    offer: Offer[Detector]

    @property
    def part(self) -> Detector:
        """The detector."""
        return self.offer.part

    @cached_property
    def options(self) -> Any:  # noqa: ANN401 - the detector's own
        """Its options, as they are by default."""
        return self.part.options()

    @cached_property
    def region_levels(self) -> tuple[RegionLevel, ...]:
        """The feature maps that it declares."""
        return self.part.levels(BACKBONE.part, self.options)

    def built(self) -> nn.Module:
        """Return a new network, the same each time."""
        torch.manual_seed(0)
        return self.part.build(BACKBONE.part, CLASSES, self.options)

    def scenes(
        self, number: int, height: int, width: int, seed: int = 0
    ) -> tuple[Batch, list[Truth]]:
        """Return pictures with their truths, and with proposals if it needs them."""
        return scenes(number, height, width, seed, proposed=self.part.needs_proposals)

    @cached_property
    def lesson(self) -> tuple[nn.Module, list[dict[str, float]]]:
        """A network in eval mode that learnt one batch, and its losses at each step."""
        net = self.built().train()
        batch, truths = self.scenes(2, 96, 128)
        optimiser = torch.optim.AdamW(net.parameters(), RATE)
        told = []
        for _ in range(STEPS):
            losses = self.part.losses(net, batch, truths)
            optimiser.zero_grad()
            torch.stack(list(losses.values())).sum().backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimiser.step()
            told.append({name: float(loss.detach()) for name, loss in losses.items()})
        net.eval()
        if self.part.after_training:
            self.part.after_training(net, lambda: [(batch, truths)])
        return net, told

    @cached_property
    def session(self) -> Session:
        """Its graph in ONNX Runtime; where proposals come in chunks, few are in each."""
        net, _ = self.lesson
        with tempfile.TemporaryDirectory() as scratch:
            graphs = export_graphs(self.part, net, self.options, Path(scratch), RULE.divisor)
            return graphs.few_at_a_time().opened()

    @cached_property
    def comparison(self) -> Comparison:
        """Torch beside the graph, on images of many sizes, alone and in batches."""
        net, _ = self.lesson
        rng = np.random.default_rng(1)
        photos, truths = zip(*(scene(rng, 96, 128) for _ in range(CANVASES)), strict=True)
        near = [in_shares(around(truth, 96, 128), 96, 128) for truth in truths]
        return compared(
            net,
            self.part,
            self.session,
            RULE,
            photos,
            near,
            canvases=CANVASES,
            levels=self.region_levels,
        )

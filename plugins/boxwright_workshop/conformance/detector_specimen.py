"""A detector on a small backbone, taught a little, and its graph."""

import tempfile
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from math import lcm
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from torch import nn

from boxwright_contract.catalog import Offer
from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import Detector, RegionLevel
from boxwright_workshop.conformance.scenes import CLASSES, scene, scenes
from boxwright_workshop.conformance.small_backbone import BACKBONE
from boxwright_workshop.conformance.specimen import Specimen
from boxwright_workshop.graph_file import export_graph
from boxwright_workshop.parity.comparison import Comparison
from boxwright_workshop.parity.odd_sizes import groups
from boxwright_workshop.parity.one_detection import with_one_detection

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

    @cached_property
    def lesson(self) -> tuple[nn.Module, list[dict[str, float]]]:
        """A network in eval mode that learnt one batch, and its losses at each step."""
        net = self.built().train()
        batch, truths = scenes(2, 96, 128)
        optimiser = torch.optim.AdamW(net.parameters(), RATE)
        told = []
        for _ in range(STEPS):
            losses = self.part.losses(net, batch, truths)
            optimiser.zero_grad()
            torch.stack(list(losses.values())).sum().backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimiser.step()
            told.append({name: float(loss.detach()) for name, loss in losses.items()})
        return net.eval(), told

    @cached_property
    def session(self) -> ort.InferenceSession:
        """Its graph in ONNX Runtime."""
        net, _ = self.lesson
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / "model.onnx"
            export_graph(self.part.exportable(net), file, RULE.divisor, "float32")
            return ort.InferenceSession(file, providers=["CPUExecutionProvider"])

    @cached_property
    def comparison(self) -> Comparison:
        """Torch beside the graph, on images of many sizes, alone and in batches."""
        net, _ = self.lesson
        rng = np.random.default_rng(1)
        photos = [scene(rng, 96, 128)[0] for _ in range(CANVASES)]
        comparison = Comparison(net, self.part.detect, self.session)
        for group in islice(groups(RULE, photos), CANVASES):
            comparison.add(group)
        if comparison.detections and not comparison.with_one and not comparison.differences:
            single = with_one_detection(comparison.of_torch, RULE, photos)
            if single is not None:
                comparison.add(single)
        return comparison

"""Torch's answers beside the graph's, image by image."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import torch
from torch import nn

from boxwright_contract.errors import BadPlugin
from boxwright_contract.parts import Batch, Detections, RegionLevel
from boxwright_workshop.graphs import Session
from boxwright_workshop.parity.matching import STRICT, Answer, Tolerance, match
from boxwright_workshop.parity.near_ties import rounding, unexplained, variants
from boxwright_workshop.parity.odd_sizes import Group
from boxwright_workshop.parity.provenance import misattributed, stray
from boxwright_workshop.parity.wording import worded, worded_proposals

COMPARED = ("boxes", "scores", "labels", "count")
RISE = 1e-6
"""From one score to the next, of detections that are best first: they are ordered by their logits,
and at its ends a runtime's sigmoid may fall by a rounding where its argument rises."""


@dataclass
class Comparison:
    """What has been compared so far, and every difference that rounding does not explain."""

    net: nn.Module
    detect: Callable[[nn.Module, Batch], list[Detections]]
    session: Session
    levels: Sequence[RegionLevel] = ()
    """Whose cells detections come from. None: they are not looked at."""
    images: int = 0
    detections: int = 0
    with_none: int = 0
    with_one: int = 0
    near_ties: int = 0
    worst_box_px: float = 0.0
    worst_score: float = 0.0
    sizes: set[tuple[int, int]] = field(default_factory=set)
    differences: list[str] = field(default_factory=list)

    def add(self, group: Group) -> None:
        """Compare each image of a group, alone and as part of the batch."""
        for i, in_batch in enumerate(self.of_graph(group)):
            alone = group.alone(i)
            reference = self.of_torch(alone)
            others = cache(lambda only=alone: list(variants(self.net, lambda: self.of_torch(only))))
            [by_itself] = self.of_graph(alone)
            for of_graph, how in ((by_itself, "alone"), (in_batch, "in a batch")):
                where = f"{group.named(i)} {how}"
                tolerance = self._judge(reference, of_graph, others, where)
                outside = stray(of_graph, alone, self.levels)
                if outside:
                    self.differences.append(f"{where}: in the graph {outside}")
                    continue
                for proposals in alone.proposals:
                    wrong, ties = misattributed(reference, of_graph, proposals, others, tolerance)
                    self.near_ties += ties
                    if wrong:
                        told = worded_proposals(reference, of_graph, wrong)
                        self.differences.append(f"{where}: {told}")
            found = len(reference.scores)
            self.detections += found
            self.with_none += found == 0
            self.with_one += found == 1
            height, width = group.image_size[i].tolist()
            if height and width:
                self.images += 1
                self.sizes.add((height, width))

    def of_torch(self, group: Group) -> Answer:
        """Return what torch finds in the only image of a group."""
        [found] = self.detect(self.net, as_batch(group))
        if group.proposals and found.proposals is None:
            raise BadPlugin(
                f"the detector found {len(found.scores)} things at {len(group.proposals[0])} "
                "proposals, but its Detections.proposals is None. Fill it with the position of the "
                "proposal that each comes from."
            )
        return Answer(
            found.boxes.numpy(),
            found.scores.numpy(),
            found.labels.numpy(),
            None if found.proposals is None else found.proposals.numpy(),
        )

    def of_graph(self, group: Group) -> list[Answer]:
        """Return what the graph finds in each image of a group."""
        names = (*COMPARED, "proposal" if group.proposals else "origin")
        boxes, scores, labels, count, comes_from = self.session.run(names, group.feeds())
        return [
            Answer(
                boxes[i, :found],
                scores[i, :found],
                labels[i, :found].astype(np.int64),
                comes_from[i, :found].astype(np.int64),
            )
            for i, found in enumerate(count.tolist())
        ]

    def _judge(
        self, reference: Answer, graph: Answer, others: Callable[[], list[Answer]], where: str
    ) -> Tolerance:
        """Hold an answer of the graph against torch's, and return how closely."""
        tolerance = STRICT
        same = match(reference, graph)
        if same.only_first or same.only_second:
            tolerance = rounding(reference, others())
            same = match(reference, graph, tolerance)
        self.worst_box_px = max(self.worst_box_px, same.worst_box_px)
        self.worst_score = max(self.worst_score, same.worst_score)
        self.near_ties += same.swapped
        if (np.diff(graph.scores) > RISE).any():
            self.differences.append(f"{where}: the graph's detections are not best first")
        if not same.only_first and not same.only_second:
            return tolerance
        missing, extra = unexplained(reference, graph, same, others(), tolerance)
        if missing or extra:
            told = worded(reference, graph, missing, extra, tolerance)
            self.differences.append(f"{where}: {told}")
        self.near_ties += len(same.only_first) + len(same.only_second) - len(missing) - len(extra)
        return tolerance


def as_batch(group: Group) -> Batch:
    """Return a group as detectors take it."""
    proposals = tuple(torch.from_numpy(boxes) for boxes in group.proposals)
    return Batch(torch.from_numpy(group.canvas), torch.from_numpy(group.image_size), proposals)

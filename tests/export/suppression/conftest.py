"""Conclusions with each suppression: exported, in eager torch, and in numpy from the papers."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import onnxruntime as ort
import pytest
import torch
from numpy.typing import NDArray
from torch.export import Dim

from boxwright_plugins.conclusion_options import ConclusionOptions
from boxwright_plugins.graph.conclusion import Conclusion
from boxwright_plugins.nets.conclusion import conclude
from boxwright_workshop.graph_file import strip
from boxwright_workshop.tracing import traced

Floats = NDArray[np.float32]
Kept = list[tuple[int, float, Floats]]
"""Of one class: row, score and box of each that is left."""
CLASSES = 3
SIZES = np.array([[210, 190], [180, 220]], np.int32)
OPTIONS = {
    "greedy": ConclusionOptions(most_detections=7),
    "soft_linear": ConclusionOptions(suppression="soft_linear", most_detections=7),
    "soft_gaussian": ConclusionOptions(suppression="soft_gaussian", most_detections=7),
    "weighted_fusion": ConclusionOptions(
        suppression="weighted_fusion", most_detections=7, fused_candidates=16
    ),
}


class Scored(NamedTuple):
    """What a conclusion is drawn from, for N images."""

    scores: Floats
    boxes: Floats
    real: NDArray[np.bool_]
    image_size: NDArray[np.int32] = SIZES

    def alone(self, i: int) -> "Scored":
        """Return one image without its filling."""
        there = self.real[i]
        one = slice(i, i + 1)
        scores, boxes = self.scores[one, there], self.boxes[one, there]
        return Scored(scores, boxes, self.real[one, there], self.image_size[one])


class Found(NamedTuple):
    """The answer for one image."""

    boxes: Floats
    scores: Floats
    labels: NDArray[np.int64]
    rows: NDArray[np.int64]


class Graph(NamedTuple):
    """A conclusion in ONNX Runtime."""

    options: ConclusionOptions
    session: ort.InferenceSession
    operators: set[str]

    def run(self, scored: Scored) -> list[Found]:
        """Return the answer for each image; check that its filling is 0."""
        boxes, scores, labels, count, rows = self.session.run(None, scored._asdict())
        for part in (boxes, scores, labels, rows):
            for row, found in zip(part, count, strict=True):
                assert not row[found:].any()
        return [
            Found(boxes[i, :d], scores[i, :d], labels[i, :d].astype(np.int64), rows[i, :d])
            for i, d in enumerate(count)
        ]

    def in_numpy(self, one: Scored) -> Found:
        """Return what the papers say of one image."""
        return reference(one, self.options)

    def in_torch(self, one: Scored) -> Found:
        """Return the eager answer for one image."""
        return of_torch(one, self.options)


@cache
def exported(options: ConclusionOptions) -> Graph:
    example = (
        torch.rand(2, 5, CLASSES),
        torch.rand(2, 5, CLASSES, 4),
        torch.ones(2, 5, dtype=torch.bool),
        torch.from_numpy(SIZES),
    )
    n, p = Dim("n", min=1), Dim("p", min=1)
    model = traced(
        Conclusion(options).eval(),
        example,
        Scored._fields,
        ("boxes_out", "scores_out", "labels", "count", "rows"),
        ({0: n, 1: p}, {0: n, 1: p}, {0: n, 1: p}, {0: n}),
    )
    strip(model)
    threads = ort.SessionOptions()
    threads.intra_op_num_threads = 1
    session = ort.InferenceSession(
        model.SerializeToString(), threads, providers=["CPUExecutionProvider"]
    )
    return Graph(options, session, {node.op_type for node in model.graph.node})


@pytest.fixture(name="random_case", scope="session")
def fixture_random_case() -> Callable[..., Scored]:
    """Two images of boxes: (seed, rows), with ties or not."""
    return random_case


@pytest.fixture(name="scored_of", scope="session")
def fixture_scored_of() -> type[Scored]:
    """What a conclusion is drawn from."""
    return Scored


@pytest.fixture(name="graph", scope="module", params=list(OPTIONS.values()), ids=list(OPTIONS))
def fixture_graph(request: pytest.FixtureRequest) -> Graph:
    """A conclusion with each suppression in turn."""
    return exported(request.param)


def random_case(seed: int, rows: int, *, ties: bool) -> Scored:
    """Return two images of boxes around a few objects; with `ties`, of few scores, and doubled."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-10, 180, (2, 6, 2))
    objects = np.concatenate([corners, corners + rng.uniform(15, 60, (2, 6, 2))], axis=-1)
    around = np.stack([objects[i, rng.integers(6, size=rows)] for i in range(2)])
    boxes = around[:, :, None] + rng.normal(0, 4, (2, rows, CLASSES, 4))
    scores = rng.random((2, rows, CLASSES)) ** 2
    if ties:
        boxes[:, 1::3], scores = boxes[:, : len(boxes[0, 1::3])], np.round(scores * 4) / 4
    real = np.arange(rows) < np.array([[rows], [rows // 2]])
    return Scored(scores.astype(np.float32), boxes.astype(np.float32), real)


def of_torch(scored: Scored, options: ConclusionOptions) -> Found:
    """Return the eager answer for the only image of `scored`."""
    scores, boxes, size = (
        torch.from_numpy(x[0]) for x in (scored.scores, scored.boxes, scored.image_size)
    )
    found, rows = conclude(scores, boxes, size, options)
    return Found(found.boxes.numpy(), found.scores.numpy(), found.labels.numpy(), rows.numpy())


def iou(one: Floats, other: Floats) -> Floats:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = np.prod(np.maximum(high - low, np.float32(0)))
    areas = [np.prod(box[2:] - box[:2]) for box in (one, other)]
    return np.asarray(shared / (areas[0] + areas[1] - shared))


def best_of(left: dict[int, Any]) -> int:
    return max(left, key=lambda row: (left[row], -row))


def greedy(boxes: Floats, scores: dict[int, np.float32], options: ConclusionOptions) -> Kept:
    kept: Kept = []
    while scores:
        row = best_of(scores)
        if all(iou(boxes[row], box) <= options.suppression_iou for _, _, box in kept):
            kept.append((row, float(scores[row]), boxes[row]))
        del scores[row]
    return kept


def soft(boxes: Floats, scores: dict[int, np.float32], options: ConclusionOptions) -> Kept:
    kept: Kept = []
    while scores:
        row = best_of(scores)
        kept.append((row, float(scores.pop(row)), boxes[row]))
        for other in scores:
            overlap = iou(boxes[row], boxes[other])
            if options.suppression == "soft_gaussian":
                scores[other] *= np.float32(np.exp(-(overlap**2) / np.float32(options.soft_sigma)))
            elif overlap > options.suppression_iou:
                scores[other] *= np.float32(1 - overlap)
    return kept


def fusion(boxes: Floats, scores: dict[int, np.float32], options: ConclusionOptions) -> Kept:
    clusters: list[list[int]] = []
    fused: list[Floats] = []
    in_order = sorted(scores, key=lambda row: (-scores[row], row))
    for row in in_order[: options.fused_candidates]:
        overlaps = [iou(boxes[row], box) for box in fused]
        if overlaps and max(overlaps) > options.suppression_iou:
            mine = int(np.argmax(overlaps))
            clusters[mine].append(row)
        else:
            mine = len(clusters)
            clusters.append([row])
            fused.append(boxes[row])
        weights = np.array([scores[member] for member in clusters[mine]], np.float64)
        members = boxes[clusters[mine]].astype(np.float64)
        fused[mine] = ((weights @ members) / weights.sum()).astype(np.float32)
    return [
        (members[0], float(scores[members[0]]), box)
        for members, box in zip(clusters, fused, strict=True)
    ]


REFERENCES: dict[str, Callable[..., Kept]] = {
    "greedy": greedy,
    "soft_linear": soft,
    "soft_gaussian": soft,
    "weighted_fusion": fusion,
}


def reference(scored: Scored, options: ConclusionOptions) -> Found:
    """Return the answer for the only image of `scored`."""
    (height, width), scores = scored.image_size[0], scored.scores[0]
    limit = np.array([width, height, width, height], np.float32)
    boxes = np.clip(scored.boxes[0], 0, limit)
    sides = (boxes[..., 2:] - boxes[..., :2]).min(axis=-1)
    every = []
    for label in range(CLASSES):
        rows = np.flatnonzero((scores[:, label] > options.min_score) & (sides[:, label] >= 1e-2))
        listed = {int(row): scores[row, label] for row in rows}
        kept = REFERENCES[options.suppression](boxes[:, label], listed, options)
        every += [(-score, row, label, box) for row, score, box in kept]
    every = [one for one in every if -one[0] > options.min_score]
    every.sort(key=lambda one: one[:3])
    every = every[: options.most_detections]
    return Found(
        np.array([box for *_, box in every], np.float32).reshape(-1, 4),
        np.array([-score for score, *_ in every], np.float32),
        np.array([label for _, _, label, _ in every], np.int64),
        np.array([row for _, row, *_ in every], np.int64),
    )

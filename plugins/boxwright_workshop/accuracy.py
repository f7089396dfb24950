"""Average precision by the COCO protocol, as faster-coco-eval computes it.

Source: Lin et al. 2014 (arXiv:1405.0312); 101 recall points, at most 100 detections an image.
"""

import contextlib
import io
import json
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from faster_coco_eval import COCO, COCOeval_faster
from numpy.typing import NDArray
from torch import nn

from boxwright_contract.card import AccuracyRecord
from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import Detector
from boxwright_workshop.annotations import Dataset, Photo
from boxwright_workshop.examples import plain

Found = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]
"""boxes (D, 4) in pixels of the photo, scores (D,), labels (D,)."""


def of_network(
    net: nn.Module, detector: Detector, rule: InputRule, photos: Iterable[Photo]
) -> Iterator[Found]:
    """Return what `net` finds in each photo."""
    device = next(net.parameters()).device
    net.eval()
    for photo in photos:
        batch, ratio = plain(photo, rule)
        moved = type(batch)(batch.canvas.to(device), batch.image_size.to(device))
        [found] = detector.detect(net, moved)
        boxes = (found.boxes.cpu().numpy() / ratio).astype(np.float32)
        yield boxes, found.scores.cpu().numpy(), found.labels.cpu().numpy()


def average_precision(
    dataset: Dataset, found: Iterable[Found], report: Callable[[int], None] = lambda _: None
) -> AccuracyRecord:
    """Return the average precision of `found`, one for each photo of `dataset`, in order.

    Args:
        dataset: What is there.
        found: What was found.
        report: Called with the number of photos done.
    """
    rows = []
    for done, (photo, (boxes, scores, labels)) in enumerate(
        zip(dataset.photos, found, strict=True), start=1
    ):
        sides = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
        rows += [
            {
                "image_id": photo.id,
                "category_id": dataset.category_ids[label],
                "bbox": side,
                "score": score,
            }
            for side, score, label in zip(
                sides.tolist(), scores.tolist(), labels.tolist(), strict=True
            )
        ]
        report(done)
    ap, ap50 = _evaluate(dataset, rows) if rows else (0.0, 0.0)
    name = f"{dataset.file.parent.name}/{dataset.file.name}"
    return AccuracyRecord(dataset=name, images=len(dataset.photos), ap=ap, ap50=ap50)


def _evaluate(dataset: Dataset, rows: list[dict[str, object]]) -> tuple[float, float]:
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(json.loads(dataset.file.read_bytes()))
        scorer = COCOeval_faster(truth, truth.loadRes(rows), "bbox")
        scorer.run()
    return float(scorer.stats[0]), float(scorer.stats[1])


def best_device() -> torch.device:
    """Return the first GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")

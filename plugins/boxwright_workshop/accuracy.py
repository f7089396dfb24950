"""Average precision by the COCO protocol, as faster-coco-eval computes it.

Source: Lin et al. 2014 (arXiv:1405.0312); 101 recall points, at most 100 detections an image.
"""

import contextlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from faster_coco_eval import COCO, COCOeval_faster
from numpy.typing import NDArray
from torch import nn

from boxwright_contract.card import AccuracyRecord
from boxwright_contract.errors import BadSettings
from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import Detector
from boxwright_workshop.annotations import Dataset, Photo, category_index
from boxwright_workshop.device import moved
from boxwright_workshop.examples import plain

Found = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]
"""boxes (D, 4) in pixels of the photo, scores (D,), labels (D,)."""


def of_network(
    net: nn.Module, detector: Detector, rule: InputRule, photos: Iterable[Photo]
) -> Iterator[Found]:
    """Return what `net` finds in each photo, on the device where it is.

    Args:
        net: The network.
        detector: Whose it is.
        rule: How photos are resized.
        photos: With proposals where the detector needs them.
    """
    device = next(net.parameters()).device
    net.eval()
    for photo in photos:
        batch, _, ratio = plain(photo, rule)
        [found] = detector.detect(net, moved(batch, device))
        boxes = (found.boxes.cpu().numpy() / ratio).astype(np.float32)
        yield boxes, found.scores.cpu().numpy(), found.labels.cpu().numpy()


def relabelled(found: Iterable[Found], classes: Sequence[str], dataset: Dataset) -> Iterator[Found]:
    """Return `found`, whose labels index `classes`, with labels of the dataset's classes.

    What the dataset does not know by name is left out.

    Raises:
        BadSettings: The two share no class.
    """
    known = {name: label for label, name in enumerate(dataset.classes)}
    table = np.array([known.get(name, -1) for name in classes], np.int64)
    if (table < 0).all():
        raise BadSettings(
            f"the model finds {', '.join(classes)}, and {dataset.file} has none of these classes "
            f"but {', '.join(dataset.classes)}. Name the categories as the model does."
        )
    return (_with_labels(one, table) for one in found)


def _with_labels(found: Found, table: NDArray[np.int64]) -> Found:
    boxes, scores, labels = found
    labels = table[labels]
    return boxes[labels >= 0], scores[labels >= 0], labels[labels >= 0]


def average_precision(
    dataset: Dataset, found: Iterable[Found], report: Callable[[int], None] = lambda _: None
) -> AccuracyRecord:
    """Return the average precision of `found`, one for each photo of `dataset`, in order.

    Args:
        dataset: What is there.
        found: What was found, labels as in the dataset's classes.
        report: Called with the number of photos done.
    """
    rows = []
    for number, (boxes, scores, labels) in enumerate(found, start=1):
        sides = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
        rows += [
            {"image_id": number, "category_id": label + 1, "bbox": side, "score": score}
            for side, score, label in zip(
                sides.tolist(), scores.tolist(), labels.tolist(), strict=True
            )
        ]
        report(number)
    ap, ap50 = _evaluate(_truth(dataset), rows) if rows else (0.0, 0.0)
    return AccuracyRecord(dataset=dataset.name, images=len(dataset.photos), ap=ap, ap50=ap50)


def _truth(dataset: Dataset) -> dict[str, Any]:
    """Return what the file says of the dataset's photos, crowds too, with ids that count from 1.

    The evaluation takes an annotation with the id 0 for absent, and one of two with the same id.
    """
    content = json.loads(dataset.file.read_bytes())
    shown = content["images"][: len(dataset.photos)]
    images = {image["id"]: number for number, image in enumerate(shown, start=1)}
    labels = category_index(content)
    notes = [
        note
        | {
            "id": number,
            "image_id": images[note["image_id"]],
            "category_id": labels[note["category_id"]] + 1,
        }
        for number, note in enumerate(content["annotations"], start=1)
        if note["image_id"] in images
    ]
    return {
        "images": [image | {"id": images[image["id"]]} for image in shown],
        "annotations": notes,
        "categories": [
            {"id": label, "name": name} for label, name in enumerate(dataset.classes, start=1)
        ],
    }


def _evaluate(truth: dict[str, Any], rows: list[dict[str, Any]]) -> tuple[float, float]:
    with contextlib.redirect_stdout(io.StringIO()):
        there = COCO(truth)
        scorer = COCOeval_faster(there, there.loadRes(rows), "bbox")
        scorer.run()
    return float(scorer.stats[0]), float(scorer.stats[1])

"""A trained detector to a bundle: a graph that agrees with torch, and the card beside it."""

import copy
import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import onnx
from torch import nn

from boxwright_contract.card import (
    CARD_FILE,
    GRAPH_FILE,
    AccuracyRecord,
    Card,
    LevelRecord,
    ParityRecord,
    PluginRecord,
    Precision,
    WeightsRecord,
    encode,
)
from boxwright_contract.catalog import Offer
from boxwright_contract.errors import BadSettings
from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import Backbone, Detector
from boxwright_workshop.float16 import round_parameters
from boxwright_workshop.folding import fold_norms
from boxwright_workshop.graph_file import export_graph
from boxwright_workshop.level_records import level_records
from boxwright_workshop.parity.gate import Progress, check_parity
from boxwright_workshop.parity.odd_sizes import Pixels

MADE_WITH = ("boxwright", "onnx", "onnxruntime", "onnxscript", "torch", "torchvision")


@dataclass(frozen=True, kw_only=True)
class Release:
    """What a bundle is made from."""

    net: nn.Module
    """What `detector.part.build` returned, trained; it is not changed."""
    detector: Offer[Detector]
    backbone: Offer[Backbone]
    options: Any
    """Of the detector."""
    classes: tuple[str, ...]
    input: InputRule
    weights: WeightsRecord
    accuracy: tuple[AccuracyRecord, ...] = ()
    min_score: float
    """Detections under it are left out unless the request asks for more."""
    precision: Precision = "float32"
    made_by: str = ""


def export_bundle(
    release: Release, target: Path, photos: Sequence[Pixels], report: Progress
) -> Card:
    """Write a bundle, `<models>/<name>/<version>`, if its graph agrees with torch.

    Args:
        release: What to export.
        target: The bundle's folder, which must not exist yet.
        photos: (H, W, 3) RGB to compare graph and torch on, and to measure effective receptive
            fields on. Where there are none, made-up pictures are compared, and no field is
            effective.
        report: Told how far it is.

    Raises:
        BadSettings: There is something at `target`.
        BadPlugin: The detector's exportable form gives a graph that cannot be served.
        ParityFailed: Graph and torch disagree. Nothing is kept.
    """
    if target.exists():
        raise BadSettings(f"there is already something at {target}. Choose another version.")
    detector = release.detector.part
    net = copy.deepcopy(release.net).cpu().eval()
    if release.precision == "float16":
        fold_norms(net.get_submodule("backbone.body"))
        round_parameters(net)
    models = target.parent.parent
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models, prefix=".export-") as scratch:
        bundle = Path(scratch) / "bundle"
        bundle.mkdir()
        graph = bundle / GRAPH_FILE
        report("writing the graph", 0, 1)
        export_graph(detector.exportable(net), graph, release.input.divisor, release.precision)
        report("writing the graph", 1, 1)
        parity = check_parity(net, detector.detect, graph, release.input, photos, report)
        levels = level_records(
            detector.features(net),
            detector.levels(release.backbone.part, release.options),
            release.backbone.part.preprocessing,
            release.input,
            photos,
            report,
        )
        card = _card(release, graph, parity, levels)
        (bundle / CARD_FILE).write_bytes(encode(card))
        target.parent.mkdir(exist_ok=True)
        bundle.rename(target)
    return card


def _card(
    release: Release, graph: Path, parity: ParityRecord, levels: tuple[LevelRecord, ...]
) -> Card:
    detector, backbone = release.detector, release.backbone
    [boxes] = [out for out in onnx.load(graph).graph.output if out.name == "boxes"]
    return Card(
        detector=_record(detector),
        backbone=_record(backbone),
        classes=release.classes,
        input=release.input,
        needs_proposals=detector.part.needs_proposals,
        most_detections=boxes.type.tensor_type.shape.dim[1].dim_value,
        min_score=release.min_score,
        levels=levels,
        precision=release.precision,
        weights=release.weights,
        parity=parity,
        accuracy=release.accuracy,
        made_with={package: version(package) for package in MADE_WITH},
        made_by=release.made_by,
        graph_sha256=hashlib.sha256(graph.read_bytes()).hexdigest(),
    )


def _record(offer: Offer[Detector] | Offer[Backbone]) -> PluginRecord:
    return PluginRecord(
        name=offer.part.name, distribution=offer.distribution, version=offer.version
    )

"""A trained detector to a bundle: a graph that agrees with torch, and the card beside it."""

import copy
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch import nn

from boxwright_contract.card import (
    CARD_FILE,
    AccuracyRecord,
    Card,
    LevelRecord,
    ParityRecord,
    Precision,
    WeightsRecord,
    encode,
)
from boxwright_contract.catalog import Catalog, Offer
from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import Backbone, Detector
from boxwright_contract.proposal_rule import ProposalRule, propose
from boxwright_workshop.export_request import check_target
from boxwright_workshop.float16 import round_parameters
from boxwright_workshop.folding import fold_norms
from boxwright_workshop.graphs import Graphs, export_graphs, sha256_of
from boxwright_workshop.level_records import level_records
from boxwright_workshop.parity.gate import Progress, check_parity
from boxwright_workshop.parity.odd_sizes import Pixels
from boxwright_workshop.parity.regions import Boxes, in_shares
from boxwright_workshop.plugin_records import record_of

AGNOSTIC = ("object",)
"""The class of what a detector finds that does not tell what it is."""
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
    proposals: ProposalRule | None = None
    """Where they come from, if the detector needs any."""
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
    check_target(target)
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
        report("writing the graph", 0, 1)
        graphs = export_graphs(
            detector, net, release.options, bundle, release.input.divisor, release.precision
        )
        report("writing the graph", 1, 1)
        of_photos = proposals_of(photos, release.proposals, report)
        region_levels = detector.levels(release.backbone.part, release.options)
        parity = check_parity(
            net, detector, graphs, release.input, photos, of_photos, report, region_levels
        )
        levels = level_records(
            detector.features(net),
            region_levels,
            release.backbone.part.preprocessing,
            release.input,
            photos,
            report,
        )
        card = _card(release, graphs, parity, levels)
        (bundle / CARD_FILE).write_bytes(encode(card))
        target.parent.mkdir(exist_ok=True)
        bundle.rename(target)
    return card


def proposals_of(
    photos: Sequence[Pixels], rule: ProposalRule | None, report: Progress
) -> list[Boxes]:
    """Return what `rule` proposes for each photo, in shares of its sides; nothing without a rule.

    Raises:
        UnknownName: The rule's source is not installed.
    """
    found: list[Boxes] = []
    if rule is None:
        return found
    source = Catalog.installed().proposal_source(rule.source)
    for photo in photos:
        found.append(in_shares(propose(source, photo, rule), *photo.shape[:2]))
        report("proposing regions", len(found), len(photos))
    return found


def _card(
    release: Release, graphs: Graphs, parity: ParityRecord, levels: tuple[LevelRecord, ...]
) -> Card:
    detector, backbone = release.detector, release.backbone
    return Card(
        detector=record_of(detector),
        options=differing(release.options, detector.part.options()),
        backbone=record_of(backbone),
        classes=AGNOSTIC if detector.part.class_agnostic else release.classes,
        input=release.input,
        needs_proposals=detector.part.needs_proposals,
        proposals=release.proposals,
        chunk=graphs.chunk,
        most_detections=graphs.most_detections,
        min_score=release.min_score,
        levels=levels,
        precision=release.precision,
        weights=release.weights,
        parity=parity,
        accuracy=release.accuracy,
        made_with={package: version(package) for package in MADE_WITH},
        made_by=release.made_by,
        graph_sha256=sha256_of(graphs.first),
    )


def differing(options: Any, defaults: Any) -> dict[str, Any]:  # noqa: ANN401 - a detector's own
    """Return the fields of a dataclass that are not as in another of the same kind."""
    ours, theirs = asdict(options), asdict(defaults)
    return {name: value for name, value in ours.items() if value != theirs[name]}

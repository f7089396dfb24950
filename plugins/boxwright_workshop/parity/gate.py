"""The gate: before a bundle is kept, torch and ONNX Runtime must agree about its graph."""

from collections.abc import Callable, Sequence
from itertools import islice

import onnxruntime as ort
import torch
from torch import nn

from boxwright_contract.card import ParityRecord
from boxwright_contract.errors import ParityFailed
from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import Detector, RegionLevel
from boxwright_workshop.graphs import ChunkedSession, Graphs, Session
from boxwright_workshop.parity.comparison import Comparison
from boxwright_workshop.parity.conclusion import Overheard, with_many_regions
from boxwright_workshop.parity.odd_sizes import CANVASES, Pixels, groups
from boxwright_workshop.parity.one_detection import with_one_detection, with_one_of_one_proposal
from boxwright_workshop.parity.regions import FEW, MANY, Boxes, Regions

Progress = Callable[[str, int, int], None]
"""(what is being done, steps done, steps in all)."""

MOST_NEAR_TIES = 0.01
"""Of all detections; a larger share is no chance."""
ENOUGH = 5
"""Differences after which the comparison stops."""


def check_parity(
    net: nn.Module,
    detector: Detector,
    graphs: Graphs,
    rule: InputRule,
    photos: Sequence[Pixels],
    of_photos: Sequence[Boxes],
    report: Progress,
    levels: Sequence[RegionLevel],
) -> ParityRecord:
    """Compare a graph in ONNX Runtime, on the CPU, with torch's eager answers.

    Args:
        net: The network, in eval mode on the CPU, with the very parameters that the graph holds.
        detector: Whose network it is.
        graphs: The ONNX files.
        rule: How images are resized.
        photos: (H, W, 3) RGB to compare on; made-up pictures where there are none.
        of_photos: What a source proposes for each, in shares of its sides; made-up proposals where
            there are none.
        report: Told after each canvas.
        levels: What the detector declares, on whose cells the graph's origins must lie.

    Raises:
        ParityFailed: Naming the images and the detections that differ.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # torch takes turns
    session = graphs.few_at_a_time().opened(options)
    comparison = compared(net, detector, session, rule, photos, of_photos, report, levels=levels)
    if graphs.most is not None and not comparison.differences:
        regions = Regions((graphs.most + 1,), of_photos)
        comparison.session = graphs.opened(options)
        comparison.add(next(groups(rule, photos, regions)).alone(0))
    _judge(comparison)
    return ParityRecord(
        reference=f"torch {torch.__version__}, eager, on the CPU",
        image_sizes=len(comparison.sizes),
        images=comparison.images,
        detections=comparison.detections,
        worst_box_px=comparison.worst_box_px,
        worst_score=comparison.worst_score,
        with_none=comparison.with_none,
        with_one=comparison.with_one,
        near_ties=comparison.near_ties,
    )


def compared(
    net: nn.Module,
    detector: Detector,
    session: Session,
    rule: InputRule,
    photos: Sequence[Pixels],
    of_photos: Sequence[Boxes] = (),
    report: Progress = lambda *_: None,
    canvases: int = CANVASES,
    levels: Sequence[RegionLevel] = (),
) -> Comparison:
    """Return the comparison on images of many sizes, and on one with exactly one detection.

    Where proposals come in chunks, their conclusion is compared on many regions too.

    Args:
        net: As `check_parity` takes it.
        detector: Whose network it is.
        session: Over its graph.
        rule: How images are resized.
        photos: As `check_parity` takes them.
        of_photos: As `check_parity` takes them.
        report: Told after each canvas.
        canvases: How many are compared.
        levels: As `check_parity` takes them.
    """
    heard = None
    if detector.chunked and isinstance(session, ChunkedSession):
        heard = Overheard(session.conclusion)
        session = ChunkedSession(session.regions, heard, session.most)
    comparison = Comparison(net, detector.detect, session, levels)
    numbers = FEW if detector.chunked else MANY
    regions = Regions(numbers, of_photos) if detector.needs_proposals else None
    for done, group in enumerate(islice(groups(rule, photos, regions), canvases), start=1):
        comparison.add(group)
        report("comparing with torch", done, canvases)
        if len(comparison.differences) >= ENOUGH:
            break
    if not comparison.with_one and not comparison.differences:
        answer = comparison.of_torch
        single = (
            with_one_of_one_proposal(answer, rule, photos, regions)
            if regions
            else with_one_detection(answer, rule, photos)
        )
        if single is not None:
            comparison.add(single)
    if detector.chunked and heard and not comparison.differences:
        return with_many_regions(comparison, detector.chunked.conclude, heard)
    return comparison


def _judge(comparison: Comparison) -> None:
    if comparison.differences:
        raise ParityFailed(
            f"torch and ONNX Runtime disagree after {comparison.images} images, so nothing was "
            f"kept. {'. '.join(comparison.differences)}. If all differ, the detector's exportable "
            "form computes something else than its eager form; if few do, by little, look for "
            "parameters that are very large."
        )
    if comparison.near_ties > max(2, MOST_NEAR_TIES * comparison.detections):
        raise ParityFailed(
            f"{comparison.near_ties} of {comparison.detections} detections depend on the last "
            "digit of float32, so torch and ONNX Runtime could not be compared and nothing was "
            "kept. Give photos without large flat areas, or train longer."
        )
    if not comparison.detections:
        raise ParityFailed(
            f"torch found nothing in {comparison.images} images, so nothing could be compared and "
            "nothing was kept. Give photos of what the detector looks for, or train longer."
        )

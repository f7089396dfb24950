"""The papers' speed-ups on the papers' backbone: `just papers`.

VGG-16 with random weights, 20 classes, one image of 600 x 1000 px, 2,000 proposals. Each network is
exported in a process of its own, and run in another, in ONNX Runtime on this machine's processor.

Source: Girshick 2015 (arXiv:1504.08083), table 4; Ren et al. 2015 (arXiv:1506.01497), table 5.
"""

import multiprocessing
import resource
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from tests.bench.multiply_adds import HEIGHT, HIDDEN, PROPOSALS, RANKS, WIDTH, MultiplyAdds
from tests.bench.readme_parts import table, write
from tests.bench.stages import ProfiledGraph, Stage, scratch_folder

from boxwright.cli.demo import PHOTO
from boxwright_contract.catalog import Catalog
from boxwright_contract.pixels import decode
from boxwright_contract.proposal_rule import ProposalRule, propose

DIVISOR = 32
CLASSES = 20
FASTER_REGIONS = 300
HEAD = {"head_channels": HIDDEN}
NETWORKS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "R-CNN": ("rcnn", HEAD),
    "Fast R-CNN": ("fast_rcnn", HEAD),
    "Fast R-CNN, SVD": ("fast_rcnn", HEAD | {"singular_values": RANKS}),
    "Faster R-CNN": (
        "faster_rcnn",
        HEAD
        | {
            "levels": ("C4",),
            "neck": "none",
            "anchor_sides_px": ((128, 256, 512),),
            "candidates": 6000,
            "proposals": FASTER_REGIONS,
        },
    ),
}
"""By the papers' settings."""

Feeds = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Timed:
    """One network on the image."""

    ms: float
    stages_ms: Counter[Stage]
    """Empty for R-CNN."""
    peak_mb: float
    """Of the whole process."""


def main(
    rounds: Annotated[int, typer.Option(help="Of which the median counts; R-CNN has one.")] = 5,
    rcnn_regions: Annotated[
        int, typer.Option(help="R-CNN runs on this many; its time is scaled to 2,000.")
    ] = PROPOSALS,
) -> None:
    """Measure, print three tables, and write them into the README."""
    image = cv2.resize(decode(PHOTO.read_bytes()), (WIDTH, HEIGHT))
    rule = ProposalRule(limit=PROPOSALS)
    source = Catalog.installed().proposal_source(rule.source)
    began = time.perf_counter()
    boxes = propose(source, np.asarray(image, np.uint8), rule)
    search_ms = (time.perf_counter() - began) * 1e3
    feeds = _feeds(image, np.resize(boxes, (PROPOSALS, 4)))
    found = {}
    for name, (detector, options) in NETWORKS.items():
        with scratch_folder() as folder:
            _apart(_export, detector, options, Path(folder))
            regions = rcnn_regions if detector == "rcnn" else PROPOSALS
            found[name] = _apart(_run, detector, options, Path(folder), feeds, regions, rounds)
        typer.echo(f"{name}: {found[name].ms:.0f} ms, {found[name].peak_mb:.0f} MiB at most")
    tables = ratios(found, search_ms), stages(found, search_ms, rule.source), rates(found)
    text = "\n\n".join(tables)
    if rcnn_regions < PROPOSALS:
        text += f"\n\nR-CNN was timed on {rcnn_regions} regions; its time is scaled to 2,000."
    typer.echo(text)
    if not write("papers", text):
        typer.echo("the README has no markers for this; nothing was written")


def ratios(found: Mapping[str, Timed], search_ms: float) -> str:
    """Return how much faster each is than what came before it: here, and in the papers."""
    first, fast, svd, faster = (found[name].ms for name in NETWORKS)
    count = MultiplyAdds.of_vgg_16()
    rows = [
        ("Fast R-CNN over R-CNN", first / fast, count.rcnn / count.fast(PROPOSALS), 146),
        ("the same, SVD", first / svd, count.rcnn / count.svd, 213),
        ("Faster over Selective Search + Fast", (search_ms + fast) / faster, None, 9.2),
    ]
    heads = ["VGG-16, 2,000 proposals", "here", "by multiply-adds alone", "paper"]
    cells = [
        [name, f"{here:.1f} x", f"{counted:.0f} x" if counted else "", f"{paper:g} x"]
        for name, here, counted, paper in rows
    ]
    return table(heads, cells)


def stages(found: Mapping[str, Timed], search_ms: float, source: str) -> str:
    """Return where the time goes, here and in table 5 of the paper, in milliseconds."""
    rows = []
    for name, proposals_ms, paper in (
        ("Fast R-CNN", search_ms, "146 / 1510 / 174 / 1830"),
        ("Faster R-CNN", 0.0, "141 / 10 / 47 / 198"),
    ):
        spent = found[name].stages_ms + Counter({"proposals": proposals_ms})
        here = (spent["features"], spent["proposals"], spent["regions"] + spent["suppression"])
        whole = found[name].ms + proposals_ms
        title = f"`{source}` + {name}" if proposals_ms else name
        rows.append([title, " / ".join(f"{ms:.0f}" for ms in (*here, whole)), paper])
    return table(["ms: features / proposals / regions / all", "here", "paper, on a K40"], rows)


def rates(found: Mapping[str, Timed]) -> str:
    """Return how fast the dense work is done, here and in the papers, in 10^9 a second.

    Source: Girshick 2015, table 4 (47 s an image for R-CNN); Ren et al. 2015, table 5.
    """
    count = MultiplyAdds.of_vgg_16()
    fast, faster = (found[name].stages_ms for name in ("Fast R-CNN", "Faster R-CNN"))
    few = FASTER_REGIONS * count.region_head
    rows = [
        ("R-CNN, all", count.rcnn, found["R-CNN"].ms, 47_000),
        ("Fast R-CNN, features", count.features, fast["features"], 146),
        ("Fast R-CNN, 2,000 regions", count.fast(PROPOSALS) - count.features, fast["regions"], 174),
        ("Faster R-CNN, features", count.features, faster["features"], 141),
        (f"Faster R-CNN, {FASTER_REGIONS} regions", few, faster["regions"], 47),
    ]
    cells = [[name, *(f"{work / ms / 1e6:.0f}" for ms in both)] for name, work, *both in rows]
    return table(["10⁹ multiply-adds a second", "here", "paper, on a K40"], cells)


def _feeds(image: Any, boxes: NDArray[np.float32]) -> Feeds:
    sides = (-(-side // DIVISOR) * DIVISOR for side in (HEIGHT, WIDTH))
    canvas = np.zeros((1, *sides, 3), np.uint8)
    canvas[0, :HEIGHT, :WIDTH] = image
    return {
        "image": canvas,
        "image_size": np.array([[HEIGHT, WIDTH]], np.int32),
        "proposals": boxes[None],
        "proposal_count": np.array([len(boxes)], np.int32),
    }


def _apart(job: Any, *arguments: Any) -> Any:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(job, *arguments).result()


def _export(name: str, options: Mapping[str, Any], folder: Path) -> None:
    """Write the graphs of a network on VGG-16 whose weights are random."""
    import torch

    from boxwright_workshop.graphs import export_graphs

    detector = Catalog.installed().detector(name)
    told = detector.options(**options)
    torch.manual_seed(0)
    net = detector.build(Catalog.installed().backbone("vgg16"), CLASSES, told).eval()
    export_graphs(detector, net, told, folder, DIVISOR)


def _run(
    name: str, options: Mapping[str, Any], folder: Path, feeds: Feeds, regions: int, rounds: int
) -> Timed:
    """Time the graphs in `folder` on the first `regions` proposals."""
    from boxwright_workshop.graphs import Graphs

    detector = Catalog.installed().detector(name)
    told = detector.options(**options)
    if not detector.needs_proposals:
        feeds = {key: feeds[key] for key in ("image", "image_size")}
    else:
        given = {"proposals": feeds["proposals"][:, :regions]}
        feeds = feeds | given | {"proposal_count": np.array([regions], np.int32)}
    most = detector.chunked.most(told) if detector.chunked else None
    session = Graphs(folder, most).opened()
    times_ms = []
    for _ in range(1 if detector.chunked else rounds + 1):
        began = time.perf_counter()
        session.run(["boxes", "scores"], feeds)
        times_ms.append((time.perf_counter() - began) * 1e3)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if detector.chunked:
        return Timed(times_ms[0] * PROPOSALS / regions, Counter(), peak_mb)
    del session
    whole_ms = median(times_ms[1:])
    profiled = ProfiledGraph(Graphs(folder).first, 0, folder)
    for _ in range(2):
        profiled.run(feeds)
    spent = profiled.ms()
    scale = whole_ms / sum(spent.values())
    return Timed(whole_ms, Counter({stage: ms * scale for stage, ms in spent.items()}), peak_mb)


if __name__ == "__main__":
    typer.run(main)

"""A bundle that is ready to run: canvases in, boxes out.

Shape shorthand: N images, H and W canvas sides in pixels, P proposals, D most detections.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from boxwright.device.graph_check import detections, mismatch
from boxwright.device.tuning import Tuning
from boxwright.settings import Precision
from boxwright.shelf.bundle import Bundle
from boxwright_contract.card import CONCLUSION_FILE, GRAPH_FILE
from boxwright_contract.chunks import Feeds, Graph, run_in_chunks
from boxwright_contract.errors import BadBundle

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Arrays: TypeAlias = list[NDArray[Any]]
OnDevice: TypeAlias = Callable[[Callable[[], Arrays]], Arrays]
"""Does one run of a graph where and when the device is free, and returns what it gives."""


@dataclass(frozen=True)
class Proposed:
    """Where a model is to look in N images."""

    boxes: NDArray[np.float32]
    """(N, P, 4): x1, y1, x2, y2 in canvas pixels, P at least 1; filling from `count` on."""
    count: NDArray[np.int32]
    """(N,)"""

    @classmethod
    def of(cls, each: Sequence[NDArray[np.float32]]) -> Proposed:
        """Return the proposals of N images, (P, 4) of `each`, filled up to the most of any."""
        count = np.array([len(boxes) for boxes in each], np.int32)
        filled = np.zeros((len(each), max(1, *count), 4), np.float32)
        for row, boxes in zip(filled, each, strict=True):
            row[: len(boxes)] = boxes
        return cls(filled, count)


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What a graph gives for N images, D rows each; rows at and after `count` are padding."""

    boxes: NDArray[np.float32]
    """(N, D, 4): x1, y1, x2, y2 in canvas pixels."""
    scores: NDArray[np.float32]
    """(N, D) in 0..1, best first."""
    labels: NDArray[np.int32]
    """(N, D)"""
    count: NDArray[np.int32]
    """(N,)"""
    origin: NDArray[np.int32] | None = None
    """(N, D, 3): the cell that each comes from: which of the card's levels, y, x."""
    proposal: NDArray[np.int32] | None = None
    """(N, D): the position of the proposal that each comes from, where there are proposals."""


@dataclass(frozen=True)
class Placement:
    """What one execution provider runs."""

    provider: str
    """As ONNX Runtime names it."""
    nodes: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """A bundle that is ready to run."""

    bundle: Bundle
    session: InferenceSession = field(repr=False)
    """For runs side by side."""
    alone: InferenceSession | None = field(default=None, repr=False)
    """For a run that has the device to itself: it takes all threads. None: the same."""
    conclusion: InferenceSession | None = field(default=None, repr=False)
    """Of the second graph, where proposals come in chunks."""
    placements: tuple[Placement, ...]
    """Where the nodes of its graphs really were put, most nodes first."""
    precision: Precision
    """Of the dense part."""
    lanes: int = 1
    """How many runs it does side by side."""
    tuning: Tuning = field(default_factory=Tuning)
    """How its images run together."""
    fallback: str = ""
    """Why it does not run as asked. Empty: it does."""

    @property
    def provider(self) -> str:
        """The execution providers that really run its nodes, the one with most nodes first."""
        return ", ".join(each.provider for each in self.placements)

    @property
    def told(self) -> str:
        """How it runs, for people."""
        nodes = ", ".join(f"{each.provider} ({each.nodes} nodes)" for each in self.placements)
        return f"{nodes} in {self.precision}, {self.lanes} at once"

    def run(
        self,
        canvas: NDArray[np.uint8],
        image_size: NDArray[np.int32],
        proposed: Proposed | None = None,
        on_device: OnDevice = lambda run: run(),
        *,
        alone: bool = False,
    ) -> Outputs:
        """Detect on `canvas` (N, H, W, 3), of which each `image_size` (N, 2) is used.

        Args:
            canvas: The images.
            image_size: Height and width of each.
            proposed: Where to look; only of a model that needs proposals.
            on_device: Does each run of a graph, of which chunks of proposals take many; what it
                raises ends them.
            alone: Whether nothing else runs now.
        """
        session = self.alone if alone and self.alone is not None else self.session
        feeds: dict[str, NDArray[Any]] = {"image": canvas, "image_size": image_size}
        if proposed is not None:
            feeds |= {"proposals": proposed.boxes, "proposal_count": proposed.count}
        names = [tensor.name for tensor in detections(self.bundle.card)]
        chunk = self.bundle.card.chunk
        if chunk is None or self.conclusion is None:
            values = _graph(session, names, on_device)(feeds)
        else:
            regions = _graph(session, ["regions"], on_device)
            conclusion = _graph(self.conclusion, names, on_device)
            values = run_in_chunks(regions, conclusion, feeds, chunk.most, lambda: None)
        return Outputs(**dict(zip(names, values, strict=True)))


def try_out(model: Model) -> None:
    """Run a black image, so that what does not work is known before the first request.

    Raises:
        BadBundle: The graphs fail, or give something else than the card promises.
    """
    card = model.bundle.card
    height, width = card.input.resized(1, 1)
    canvas = np.zeros((1, *card.input.canvas(height, width), 3), np.uint8)
    whole = np.array([[0, 0, width, height]], np.float32)
    proposed = Proposed.of([whole]) if card.needs_proposals else None
    try:
        outputs = model.run(canvas, np.array([[height, width]], np.int32), proposed)
    except Exception as error:
        raise BadBundle(
            f"the graph of {model.bundle} fails on a black image: {error}. Export it again."
        ) from error
    differences = [
        f"output: the card says {wanted}, the graph gave {found}"
        for wanted in detections(card)
        if (found := getattr(outputs, wanted.name).shape) != (1, *wanted.shape[1:])
    ]
    if differences:
        file = GRAPH_FILE if card.chunk is None else CONCLUSION_FILE
        raise mismatch(model.bundle, file, differences)


def _graph(session: InferenceSession, outputs: list[str], on_device: OnDevice) -> Graph:
    def run(feeds: Feeds) -> Arrays:
        return on_device(lambda: session.run(outputs, dict(feeds)))

    return run

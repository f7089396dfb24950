"""The request's way: image -> resized -> batch -> run -> boxes in pixels of the image as sent."""

import logging
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright import cores
from boxwright.admission import Admission
from boxwright.batching import Batcher, Found
from boxwright.bundle import Bundle
from boxwright.geometry.framing import Framing
from boxwright.geometry.views import Origin, origin_of
from boxwright.imaging import Resized, read, resize
from boxwright.proposals.plan import Plan, plan
from boxwright.proposals.proposer import Proposals, Proposer
from boxwright.proposals.sight import seen_by
from boxwright.query import Query
from boxwright.repository import Repository
from boxwright.selection import Selection
from boxwright.settings import Settings
from boxwright.workers import Workers
from boxwright_contract.card import Card
from boxwright_contract.catalog import Catalog
from boxwright_contract.input_rule import InputRule
from boxwright_contract.pixels import Limits

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class StageTimes:
    """Where the time went, in milliseconds."""

    decode_ms: float
    resize_ms: float
    proposals_ms: float
    """0 where there were none to make."""
    queue_ms: float
    inference_ms: float
    total_ms: float


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The objects found in one image, best first."""

    bundle: Bundle
    """The model that answered."""
    height_px: int
    """Of the upright image."""
    width_px: int
    boxes: NDArray[np.float32]
    """(n, 4): x1, y1, x2, y2 in pixels of the upright image."""
    scores: NDArray[np.float32]
    """(n,) in 0..1"""
    labels: NDArray[np.int32]
    """(n,): positions in the card's classes."""
    origins: tuple[Origin, ...]
    """n, or none where the query asked for none, or the model needs proposals."""
    proposals: Proposals | None
    """Those that the model was given, if it needs them."""
    proposal_of: NDArray[np.int32] | None
    """(n,): the position of the proposal that each comes from, if there are proposals."""
    times: StageTimes


@dataclass(frozen=True, kw_only=True)
class _Ready:
    """An image that a model can look at."""

    image: Resized
    proposals: Proposals | None
    decode_ms: float
    queue_ms: float


class Pipeline:
    """Answers queries with the models of a repository."""

    def __init__(self, models: Repository, plugins: Catalog, settings: Settings) -> None:
        threads = settings.threads or cores.available()
        self._models = models
        self._plugins = plugins
        self._settings = settings
        self._limits = Limits(max_pixels=settings.max_pixels)
        self._admission = Admission(settings.max_requests)
        self._batcher = Batcher(settings.max_batch)
        self._decoders = Workers(threads, "decode")
        self._proposer = Proposer(self._batcher, threads)

    async def detect(self, query: Query) -> Answer:
        """Find the objects in an image.

        Raises:
            BadInput: The image, the proposals or an option cannot be used.
            UnknownName: No such model, version, class or proposal source.
            Overloaded: Too many requests are inside.
            DeadlinePassed: It was too late before decoding, before proposing, or before the run or
                a chunk of it.
            BadPlugin: The proposal source failed, or gave what are no boxes.
        """
        started = time.perf_counter()
        model = self._models.find(query.model, query.version)
        card = model.bundle.card
        selection = Selection.of(query, card)
        planned = plan(query, model, self._models, self._plugins, self._settings)
        with self._admission.admit():
            ready = await self._prepare(query, card.input, planned)
            image, proposals = ready.image, ready.proposals
            on_canvas = None if proposals is None else image.from_image(proposals.boxes)
            found = await self._batcher.detect(model, image.pixels, query.deadline, on_canvas)
        keep = selection.rows(found.scores, found.labels)
        total_ms = (time.perf_counter() - started) * 1e3
        log.debug("%s: %d detections in %.1f ms", model.bundle, len(keep), total_ms)
        return Answer(
            bundle=model.bundle,
            height_px=image.height_px,
            width_px=image.width_px,
            boxes=image.to_image(found.boxes[keep]),
            scores=found.scores[keep],
            labels=found.labels[keep],
            origins=_origins(found, keep, card, image) if query.with_origins else (),
            proposals=proposals,
            proposal_of=None if found.proposals is None else found.proposals[keep],
            times=_times(ready, found, total_ms),
        )

    async def _prepare(self, query: Query, rule: InputRule, planned: Plan | None) -> _Ready:
        """Decode and resize on a worker thread, and get the proposals."""

        def work() -> tuple[float, Resized, Resized]:
            opened = read(query.image, self._limits)  # large: it ends here
            image = resize(opened.pixels, rule)
            return opened.decode_ms, image, seen_by(planned, opened.pixels, image)

        done = await self._decoders.do(work, query.deadline, "the image was decoded")
        decode_ms, image, seen = done.value
        proposals = None
        if planned is not None:
            proposals = await self._proposer.propose(planned, seen, query.deadline)
        return _Ready(
            image=image,
            proposals=proposals,
            decode_ms=decode_ms,
            queue_ms=done.waited_ms + (0 if proposals is None else proposals.queue_ms),
        )

    def close(self) -> None:
        """End the worker threads. No query may be inside."""
        self._decoders.close()
        self._proposer.close()
        self._batcher.close()


def _times(ready: _Ready, found: Found, total_ms: float) -> StageTimes:
    return StageTimes(
        decode_ms=ready.decode_ms,
        resize_ms=ready.image.resize_ms,
        proposals_ms=0 if ready.proposals is None else ready.proposals.proposals_ms,
        queue_ms=ready.queue_ms + found.queue_ms,
        inference_ms=found.inference_ms,
        total_ms=total_ms,
    )


def _origins(
    found: Found, keep: NDArray[np.intp], card: Card, image: Resized
) -> tuple[Origin, ...]:
    """Return where the detections of the rows `keep` come from; none where proposals gave them."""
    if found.origins is None:
        return ()
    framing = Framing.of(card.input, image.height_px, image.width_px)
    cells = found.origins[keep].tolist()
    return tuple(origin_of(card.levels[level], y, x, framing) for level, y, x in cells)

"""The request's way: image -> resized -> batch -> run -> boxes in pixels of the image as sent."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from boxwright.admission import Admission
from boxwright.answer import Answer, StageTimes
from boxwright.batching import Batcher, Found
from boxwright.deadline import Deadline
from boxwright.device import cores
from boxwright.geometry.framing import Framing
from boxwright.geometry.views import Origin, origin_of
from boxwright.imaging import Resized, read, resize
from boxwright.proposals.plan import Plan, plan
from boxwright.proposals.proposer import Proposals, Proposer
from boxwright.proposals.sight import seen_by
from boxwright.query import Query
from boxwright.selection import Selection
from boxwright.settings import Settings
from boxwright.shelf.bundle import Bundle
from boxwright.shelf.shelf import Shelf
from boxwright.shelf.visits import Visit
from boxwright.telemetry.metrics import STAGES, Metrics
from boxwright.telemetry.tracing import tell_stages
from boxwright.workers import Workers
from boxwright_contract.card import Card
from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import DeadlinePassed, Overloaded
from boxwright_contract.input_rule import InputRule
from boxwright_contract.pixels import Limits

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Ready:
    """An image that a model can look at."""

    image: Resized
    proposals: Proposals | None
    decode_ms: float
    queue_ms: float


class Pipeline:
    """Answers queries with the models of a shelf."""

    def __init__(
        self,
        models: Shelf,
        plugins: Catalog,
        metrics: Metrics,
        admission: Admission,
        settings: Settings,
        lanes: int = 1,
    ) -> None:
        threads = settings.threads or cores.available()
        self._models = models
        self._plugins = plugins
        self._metrics = metrics
        self._settings = settings
        self._limits = Limits(max_pixels=settings.max_pixels)
        self._admission = admission
        self._batcher = Batcher(lanes, metrics)
        self._foresight = self._batcher.foresight
        self._threads = threads
        self._decoders = Workers(threads, "decode")
        self._proposer = Proposer(self._batcher, threads)

    async def detect(self, query: Query) -> Answer:
        """Find the objects in an image.

        Raises:
            BadInput: The image, the proposals or an option cannot be used.
            UnknownName: No such model, version, class or proposal source.
            Overloaded: Too many requests are inside, or so many that it would be too late.
            DeadlinePassed: It was too late before decoding, before proposing, or before the run or
                a chunk of it.
            BadPlugin: The proposal source failed, or gave what are no boxes.
        """
        with self._models.visit() as models:
            return await self._detect(query, models)

    def check_room(self, query: Query) -> None:
        """Raise Overloaded if a query of its model could not be let in now, or UnknownName."""
        name = self._models.find(query.model, query.version).bundle.name
        self._admission.check_room(name)
        self._foresight.check(name, self._admission.inside, query.deadline.left_s, query.mates)

    async def _detect(self, query: Query, models: Visit) -> Answer:
        started = time.perf_counter()
        query = replace(query, deadline=query.deadline.within(self._settings.timeout_s))
        model = models.find(query.model, query.version)
        card, name = model.bundle.card, model.bundle.name
        selection = Selection.of(query, card)
        planned = plan(query, model, models, self._plugins, self._settings)
        self._check_in_time(name, query)
        with self._losses_counted(name, query.deadline), self._admission.admit(name):
            ready = await self._prepare(name, query, card.input, planned)
            image, proposals = ready.image, ready.proposals
            on_canvas = None if proposals is None else image.from_image(proposals.boxes)
            found = await self._batcher.detect(model, image.pixels, query.deadline, on_canvas)
        keep = selection.rows(found.scores, found.labels)
        times = _times(ready, found, (time.perf_counter() - started) * 1e3)
        self._note(model.bundle, times)
        tell_stages(name, started, _stages(ready, found))
        log.debug("%s: %d detections in %.1f ms", model.bundle, len(keep), times.total_ms)
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
            times=times,
            batch_images=found.batch_images,
        )

    def _check_in_time(self, name: str, query: Query) -> None:
        """Raise Overloaded if a request would be answered too late, and note it."""
        try:
            self._foresight.check(name, self._admission.inside, query.deadline.left_s, query.mates)
        except Overloaded:
            self._metrics.lost(name, "hopeless")
            raise

    async def _prepare(
        self, name: str, query: Query, rule: InputRule, planned: Plan | None
    ) -> _Ready:
        """Decode and resize on a worker thread, and get the proposals."""

        def work() -> tuple[float, Resized, Resized]:
            needed = rule if planned is None else None
            opened = read(query.image, self._limits, needed)  # large: it ends here
            image = resize(opened, rule)
            return opened.decode_ms, image, seen_by(planned, opened, image)

        done = await self._decoders.do(work, query.deadline, "the image was decoded")
        self._foresight.spent(name, "prepare", done.spent_ms / 1e3 / self._threads)
        decode_ms, image, seen = done.value
        proposals = None
        if planned is not None:
            proposals = await self._proposer.propose(planned, seen, query.deadline)
            self._foresight.spent(name, "propose", proposals.proposals_ms / 1e3 / self._threads)
        return _Ready(
            image=image,
            proposals=proposals,
            decode_ms=decode_ms,
            queue_ms=done.waited_ms + (0 if proposals is None else proposals.queue_ms),
        )

    @contextmanager
    def _losses_counted(self, model: str, deadline: Deadline) -> Iterator[None]:
        """Note requests that end without an answer, though nothing is wrong with them."""
        try:
            yield
        except Overloaded:
            self._metrics.lost(model, "shed")
            raise
        except DeadlinePassed:
            self._metrics.lost(model, "expired")
            raise
        except asyncio.CancelledError:
            self._metrics.lost(model, "expired" if deadline.ends_calls else "cancelled")
            raise

    def _note(self, its: Bundle, times: StageTimes) -> None:
        for stage in STAGES:
            spent_ms = getattr(times, f"{stage}_ms")
            if stage != "proposals" or spent_ms:
                self._metrics.timed(its.name, its.version, stage, spent_ms / 1e3)

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


def _stages(ready: _Ready, found: Found) -> tuple[tuple[str, float], ...]:
    """Return what was done with a request, in turn, and the milliseconds of each."""
    return (
        ("queue", ready.queue_ms),
        ("decode", ready.decode_ms),
        ("resize", ready.image.resize_ms),
        ("proposals", 0 if ready.proposals is None else ready.proposals.proposals_ms),
        ("queue", found.queue_ms),
        ("inference", found.inference_ms),
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

"""The request's way: image -> resized -> batch -> run -> boxes in pixels of the image as sent."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright import cores
from boxwright.admission import Admission
from boxwright.batching import Batcher
from boxwright.bundle import Bundle
from boxwright.geometry.framing import Framing
from boxwright.geometry.views import Origin, origin_of
from boxwright.imaging import Prepared, prepare
from boxwright.query import Query
from boxwright.repository import Repository
from boxwright.selection import Selection, scaled_back
from boxwright.settings import Settings
from boxwright_contract.card import Card
from boxwright_contract.input_rule import InputRule
from boxwright_contract.pixels import Limits

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class StageTimes:
    """Where the time went, in milliseconds."""

    decode_ms: float
    resize_ms: float
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
    """n, or none where the query asked for none."""
    times: StageTimes


class Pipeline:
    """Answers queries with the models of a repository."""

    def __init__(self, models: Repository, settings: Settings) -> None:
        self._models = models
        self._limits = Limits(max_pixels=settings.max_pixels)
        self._admission = Admission(settings.max_requests)
        self._batcher = Batcher(settings.max_batch)
        self._decoders = ThreadPoolExecutor(
            settings.threads or cores.available(), thread_name_prefix="boxwright-decode"
        )

    async def detect(self, query: Query) -> Answer:
        """Find the objects in an image.

        Raises:
            BadInput: The image or an option cannot be used.
            UnknownName: No such model, version or class.
            Overloaded: Too many requests are inside.
            DeadlinePassed: It was too late before decoding, or before the run.
        """
        started = time.perf_counter()
        model = self._models.find(query.model, query.version)
        selection = Selection.of(query, model.bundle.card)
        with self._admission.admit():
            image, decode_wait_ms = await self._prepare(query, model.bundle.card.input)
            found = await self._batcher.detect(model, image.pixels, query.deadline)
        keep = selection.rows(found.scores, found.labels)
        total_ms = (time.perf_counter() - started) * 1e3
        log.debug("%s: %d detections in %.1f ms", model.bundle, len(keep), total_ms)
        return Answer(
            bundle=model.bundle,
            height_px=image.height_px,
            width_px=image.width_px,
            boxes=scaled_back(found.boxes[keep], image),
            scores=found.scores[keep],
            labels=found.labels[keep],
            origins=_origins(found.origins[keep], model.bundle.card, image)
            if query.with_origins
            else (),
            times=StageTimes(
                decode_ms=image.decode_ms,
                resize_ms=image.resize_ms,
                queue_ms=decode_wait_ms + found.queue_ms,
                inference_ms=found.inference_ms,
                total_ms=total_ms,
            ),
        )

    async def _prepare(self, query: Query, rule: InputRule) -> tuple[Prepared, float]:
        """Decode and resize on a worker thread; tell how long the image waited for one, in ms."""
        asked = time.perf_counter()

        def work() -> tuple[Prepared, float]:
            waited_ms = (time.perf_counter() - asked) * 1e3
            query.deadline.check("the image was decoded")
            return prepare(query.image, rule, self._limits), waited_ms

        return await asyncio.get_running_loop().run_in_executor(self._decoders, work)

    def close(self) -> None:
        """End the worker threads. No query may be inside."""
        self._decoders.shutdown()
        self._batcher.close()


def _origins(cells: NDArray[np.int32], card: Card, image: Prepared) -> tuple[Origin, ...]:
    """Return where detections come from, whose `cells` (n, 3) are: which of the levels, y, x."""
    framing = Framing.of(card.input, image.height_px, image.width_px)
    return tuple(origin_of(card.levels[level], y, x, framing) for level, y, x in cells.tolist())

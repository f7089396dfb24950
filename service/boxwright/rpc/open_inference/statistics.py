"""How often and how long models worked for requests of this protocol."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from boxwright.answer import Answer
from boxwright.inference import open_inference_pb2 as pb
from boxwright.shelf.bundle import Bundle

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


@dataclass
class Total:
    """How often something was done, and how long it took in all."""

    count: float = 0
    ns: float = 0

    def add(self, ns: float, count: float = 1) -> None:
        """Note that it was done."""
        self.count += count
        self.ns += ns

    @property
    def message(self) -> pb.StatisticDuration:
        """As it is sent."""
        return pb.StatisticDuration(count=round(self.count), ns=round(self.ns))


@dataclass
class Tally:
    """Of one version of a model."""

    success: Total = field(default_factory=Total)
    fail: Total = field(default_factory=Total)
    queue: Total = field(default_factory=Total)
    prepare: Total = field(default_factory=Total)
    infer: Total = field(default_factory=Total)
    respond: Total = field(default_factory=Total)
    images: int = 0
    last_ms: int = 0
    runs: defaultdict[int, Total] = field(default_factory=lambda: defaultdict(Total))
    """By the images of the run; each image counts for its share of it."""


class Statistics:
    """Counts the requests of this protocol, from the start of the server."""

    def __init__(self) -> None:
        self._tallies: defaultdict[str, Tally] = defaultdict(Tally)

    def succeeded(self, answers: Sequence[Answer], spent_s: float, responding_s: float) -> None:
        """Note a request that was answered; its stages are those of its mean image."""
        its = self._tallies[str(answers[0].bundle)]
        its.success.add(spent_s * NS_PER_S)
        its.respond.add(responding_s * NS_PER_S)
        its.last_ms = round(time.time() * 1e3)
        its.images += len(answers)
        ns_each = NS_PER_MS / len(answers)
        times = [answer.times for answer in answers]
        its.queue.add(ns_each * sum(t.queue_ms for t in times))
        its.prepare.add(ns_each * sum(t.decode_ms + t.resize_ms + t.proposals_ms for t in times))
        its.infer.add(ns_each * sum(t.inference_ms for t in times))
        for answer in answers:
            share = 1 / answer.batch_images
            its.runs[answer.batch_images].add(answer.times.inference_ms * NS_PER_MS * share, share)

    def failed(self, bundle: Bundle, spent_s: float) -> None:
        """Note a request for a model that was not answered."""
        self._tallies[str(bundle)].fail.add(spent_s * NS_PER_S)

    def of(self, bundle: Bundle) -> pb.ModelStatistics:
        """Return what there was for a model."""
        its = self._tallies[str(bundle)]
        return pb.ModelStatistics(
            name=bundle.name,
            version=str(bundle.version),
            last_inference=its.last_ms,
            inference_count=its.images,
            execution_count=round(sum(run.count for run in its.runs.values())),
            inference_stats=pb.InferStatistics(
                success=its.success.message,
                fail=its.fail.message,
                queue=its.queue.message,
                compute_input=its.prepare.message,
                compute_infer=its.infer.message,
                compute_output=its.respond.message,
            ),
            batch_stats=[
                pb.InferBatchStatistics(batch_size=images, compute_infer=run.message)
                for images, run in sorted(its.runs.items())
            ],
        )

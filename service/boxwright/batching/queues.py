"""Who waits, by what can run together; and which batch is next."""

from collections import defaultdict, deque

from boxwright.batching.bucket import Bucket
from boxwright.batching.pace import Pace
from boxwright.batching.turns import Turns
from boxwright.batching.waiting import Waiting
from boxwright.telemetry.metrics import Metrics

Batch = tuple[Bucket, list[Waiting]]


class Queues:
    """Who waits, by what can run together."""

    def __init__(self, metrics: Metrics) -> None:
        self._queues: dict[Bucket, deque[Waiting]] = {}
        self._paces: defaultdict[str, Pace] = defaultdict(Pace)
        self._turns = Turns()
        self._metrics = metrics

    @property
    def empty(self) -> bool:
        """Whether nobody waits."""
        return not self._queues

    def put(self, bucket: Bucket, waiting: Waiting) -> None:
        """Let one more wait."""
        self._queues.setdefault(bucket, deque()).append(waiting)
        self._paces[str(bucket.model.bundle)].came(waiting.since)
        self._metrics.waiting(bucket.model.bundle.name, 1)

    def leave(self, bucket: Bucket, waiting: Waiting) -> None:
        """Let one wait no more, if it still does: images are large."""
        queue = self._queues.get(bucket)
        if queue is None or waiting not in queue:
            return
        queue.remove(waiting)
        if not queue:
            del self._queues[bucket]
        self._metrics.waiting(bucket.model.bundle.name, -1)

    def next_batch(self, now: float) -> Batch | float | None:
        """Take what runs next, less those nobody waits for.

        Returns:
            The batch; or the moment when one will be ready, where all wait for company; or None
            where nobody waits.
        """
        while self._queues:
            ready = [bucket for bucket in self._queues if self._ready_at(bucket, now) <= now]
            if not ready:
                return min(self._ready_at(bucket, now) for bucket in self._queues)
            bucket = self._first_of(ready)
            batch = self._take(bucket)
            if batch:
                return bucket, batch
        return None

    def used(self, bucket: Bucket, spent_ms: float) -> None:
        """Note how long the device was used for a batch."""
        self._turns.used(str(bucket.model.bundle), spent_ms)

    def _ready_at(self, bucket: Bucket, now: float) -> float:
        """Return when a bucket runs: at once if it is full, or if nobody is likely to join it."""
        queue, tuning = self._queues[bucket], bucket.model.tuning
        alone = self._paces[str(bucket.model.bundle)].gap_s >= tuning.delay_s
        return now if alone or len(queue) >= tuning.most else queue[0].since + tuning.delay_s

    def _first_of(self, ready: list[Bucket]) -> Bucket:
        """Return that of the oldest request, of the model whose turn it is."""
        model = self._turns.next_of({str(bucket.model.bundle) for bucket in ready})
        own = (bucket for bucket in ready if str(bucket.model.bundle) == model)
        return min(own, key=lambda bucket: self._queues[bucket][0].since)

    def _take(self, bucket: Bucket) -> list[Waiting]:
        """Take those out that run next, and those on the way to them whom nobody waits for."""
        queue, tuning = self._queues[bucket], bucket.model.tuning
        before = len(queue)
        batch: list[Waiting] = []
        while queue and len(batch) < tuning.most:
            waiting = queue.popleft()
            if waiting.may_run():
                batch.append(waiting)
        if batch:
            size = tuning.size_for(len(batch))
            queue.extendleft(reversed(batch[size:]))
            del batch[size:]
        if not queue:
            del self._queues[bucket]
        self._metrics.waiting(bucket.model.bundle.name, len(queue) - before)
        return batch

"""Sends images with something wrong in them, and counts how the calls end."""

import random
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

from tests.hostile.image_files import files, raw_fields
from tests.hostile.mutations import mutated
from tests.hostile.statuses import outcome

from boxwright.v1.detection_pb2 import DetectRequest, DetectStreamRequest, RawImage
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

AT_ONCE = 8
"""Calls, or images of the stream."""


def requests(first_seed: int, count: int) -> Iterator[tuple[str, DetectRequest]]:
    """Return so many requests, and what each was made from; the same for the same seeds."""
    sound = files()
    kinds = [*sound, "raw"]
    for seed in range(first_seed, first_seed + count):
        chance = random.Random(seed)
        kind = chance.choice(kinds)
        if kind == "raw":
            height, width, rgb = raw_fields(chance)
            raw = RawImage(height_px=height, width_px=width, rgb=rgb)
            yield f"{kind}, seed {seed}", DetectRequest(raw=raw)
        else:
            data = mutated(chance, sound[kind])
            yield f"{kind}, seed {seed}", DetectRequest(encoded=data)


def sent_one_by_one(stub: DetectionServiceStub, first_seed: int, count: int) -> Counter[str]:
    """Send each by a call of its own; return how many calls ended how."""
    ended: Counter[str] = Counter()
    at_work: deque[tuple[str, Any]] = deque()

    def end_one() -> None:
        made_from, call = at_work.popleft()
        try:
            ended[outcome(call)] += 1
        except Exception as error:
            error.add_note(made_from)
            raise

    for made_from, request in requests(first_seed, count):
        at_work.append((made_from, stub.Detect.future(request, timeout=30)))
        if len(at_work) == AT_ONCE:
            end_one()
    while at_work:
        end_one()
    return ended


def sent_in_a_stream(stub: DetectionServiceStub, first_seed: int, count: int) -> Counter[str]:
    """Send all by one stream, which must go on to its end; return the codes of the answers."""
    asked = (
        DetectStreamRequest(id=made_from, request=request)
        for made_from, request in requests(first_seed, count)
    )
    ended: Counter[str] = Counter()
    for answer in stub.DetectStream(asked, timeout=600):
        code = answer.error.code
        assert code in (0, 3, 8), (answer.id, answer.error)
        ended[str(code)] += 1
    return ended

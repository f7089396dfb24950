"""What the model answers with no server: what every server must answer too, before it is measured.

Peers place a photo on the smallest canvas that holds it. Boxwright, where images run together, may
place it on one of a few larger ones, so that sizes batch; the network sees its border otherwise
there, and a box moves by some pixels. So there are up to two right answers.
"""

from collections.abc import Sequence

from tests.bench.peers.answers import Answer, difference
from tests.bench.peers.handlers.detector import Detector, prepare

from boxwright.device.tuning import Tuning

TOGETHER = Tuning.up_to(2)


def right_answers(detector: Detector, photo: bytes) -> Sequence[Answer]:
    """Return what may be answered to a photo, by a session at float32."""
    rule = detector.card.input
    prepared = prepare(photo, rule)
    height, width = prepared.pixels.shape[:2]
    canvases = (rule.canvas(height, width), TOGETHER.canvas(rule, height, width))
    found = [detector.run([prepared], sides)[0] for sides in dict.fromkeys(canvases)]
    return [Answer(each.boxes, each.scores) for each in found]


def fault(found: Answer, right: Sequence[Answer], *, exact: bool) -> str:
    """Return in what an answer differs from the first of those that are right; empty if none."""
    differences = [difference(found, each, exact=exact) for each in right]
    return "" if "" in differences else differences[0]

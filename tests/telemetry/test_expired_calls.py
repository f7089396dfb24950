"""Calls that end before their answer are counted as what ended them."""

import time

from tests.telemetry.observed import Observed
from tests.telemetry.test_metrics import calls, request, until

from boxwright.cli.top.snapshot import take

EARLY_S = 0.01


def test_a_call_that_is_given_up_a_moment_before_its_end_is_counted_as_expired(
    slow: Observed,
) -> None:
    slow.detection.Detect(request())
    began = time.monotonic()
    slow.detection.Detect(request())
    image_s = time.monotonic() - began
    in_the_way = [slow.detection.Detect.future(request()) for _ in range(3)]
    until(lambda: take(slow.metrics).total("boxwright_open_calls", method="Detect") == 3)
    call = slow.detection.Detect.future(request(), timeout=image_s)
    time.sleep(image_s - EARLY_S)  # as by the clock of a caller that is ahead of the server's
    call.cancel()
    for each in in_the_way:
        each.result()
    until(lambda: take(slow.metrics).total("boxwright_open_calls", method="Detect") == 0)
    now = take(slow.metrics)
    assert (calls(now, "CANCELLED"), calls(now, "DEADLINE_EXCEEDED")) == (0, 1)
    assert now.total("boxwright_lost_requests_total", why="cancelled") == 0


def test_a_call_with_much_time_left_that_is_given_up_is_counted_as_that(slow: Observed) -> None:
    call = slow.detection.Detect.future(request(), timeout=30)
    until(lambda: take(slow.metrics).total("boxwright_open_calls", method="Detect") == 1)
    call.cancel()
    until(lambda: calls(take(slow.metrics), "CANCELLED") == 1)
    assert calls(take(slow.metrics), "DEADLINE_EXCEEDED") == 0

"""After a hundred reloads the memory is where it was."""

import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from boxwright.client import Client
from boxwright.settings import PACKAGED_MODELS

Serve = Callable[..., AbstractContextManager[Client]]
Edit = Callable[..., None]

WARM_UP, RELOADS, WINDOW = 10, 100, 20


def resident_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_a_hundred_reloads_leave_the_memory_where_it_was(
    serve: Serve, edit: Edit, folder: Path
) -> None:
    place = folder / "people" / "1"
    shutil.copytree(PACKAGED_MODELS / "people" / "1", place)
    image = np.zeros((240, 320, 3), np.uint8)
    used = []
    with serve(watch_s=0, admin=True) as client:
        for reload in range(WARM_UP + RELOADS):
            edit(place, min_score=(reload + 1) / 1000)
            client.load_model("people")
            assert client.model("people").min_score == pytest.approx((reload + 1) / 1000)
            client.detect(image)
            used.append(round(resident_mb()))
    first, last = used[WARM_UP : WARM_UP + WINDOW], used[-WINDOW:]
    # What glibc hands out anew is in memory already or not, so single figures differ by some 10 %.
    assert min(last) < 1.05 * min(first), used
    assert max(last) < 1.1 * max(first), used

"""Metrics that tell an operator that a server has less than was wished for it."""

import os
from pathlib import Path

from tests.telemetry.observed import Observed, observe

from boxwright.cli.top.snapshot import take
from boxwright.device.cgroup import Groups
from boxwright.device.memory_limit import memory_limit_bytes
from boxwright.settings import Settings

MACHINE_BYTES = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_the_memory_of_a_server_is_its_containers_limit_or_the_machines(tmp_path: Path) -> None:
    groups = Groups(tmp_path, tmp_path / "membership")
    groups.membership.write_text("0::/\n")
    for content, expected in (
        ("536870912\n", 512 << 20),
        ("max\n", MACHINE_BYTES),
        (f"{2 * MACHINE_BYTES}\n", MACHINE_BYTES),
    ):
        (tmp_path / "memory.max").write_text(content)
        assert memory_limit_bytes(groups) == expected


def test_what_a_server_uses_is_below_the_limit_that_it_tells(observed: Observed) -> None:
    now = take(observed.metrics)
    limit = now.total("boxwright_memory_limit_bytes")
    assert 0 < now.total("process_resident_memory_bytes") < limit <= MACHINE_BYTES


def test_a_model_that_does_not_run_as_asked_is_told_of(
    observed: Observed, settings: Settings
) -> None:
    assert take(observed.metrics).total("boxwright_model_fallback") == 0
    with observe(settings, device="prefer:cuda") as server:
        now = take(server.metrics)
        assert now.total("boxwright_model_fallback", model="bright", version="10") == 1
        assert now.total("boxwright_model_fallback") == 2

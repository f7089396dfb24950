"""Cores, memory, open files and threads, against what a server would need."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boxwright.doctor import limits, memory, processor
from boxwright.settings import Settings

if TYPE_CHECKING:
    from tests.doctor.conftest import Confine

OLD = "processor\t: 0\nmodel name\t: Old Xeon\nflags\t\t: fpu sse2 ssse3 avx\n"
NEW = "processor\t: 0\nmodel name\t: New Xeon\nflags\t\t: sse2 avx2 avx512f avx512_bf16 amx_tile\n"


@pytest.fixture
def cpuinfo(tmp_path: Path) -> Path:
    file = tmp_path / "cpuinfo"
    file.write_text(NEW)
    return file


def test_a_quota_of_the_container_is_told(confine: "Confine", cpuinfo: Path) -> None:
    cores, features = processor.look(
        Settings(), confine({"cpu.max": "150000 100000"}), cpuinfo=cpuinfo
    )
    assert cores.level == "ok"
    assert cores.what.endswith(" cores of New Xeon, of which the container's quota allows 1.5")
    assert features.what == "computes with AVX2, AVX-512, BF16, AMX"


def test_less_than_one_core_is_a_warning(confine: "Confine", cpuinfo: Path) -> None:
    where = confine({"cpu.max": "50000 100000"})
    found = list(processor.look(Settings(), where, cpuinfo=cpuinfo))
    assert [each.level for each in found] == ["ok", "warning", "ok"]
    assert "quota is 0.5 cores" in found[1].what


def test_more_threads_than_cores_is_a_warning(confine: "Confine", cpuinfo: Path) -> None:
    where = confine({"cpu.max": "100000 100000"})
    found = list(processor.look(Settings(threads=64), where, cpuinfo=cpuinfo))
    assert [each.cure for each in found if each.level == "warning"] == [
        "Set BOXWRIGHT_THREADS (--threads) to 1, or to 0 for as many as there are."
    ]


def test_a_processor_without_avx2_is_a_warning(confine: "Confine", cpuinfo: Path) -> None:
    cpuinfo.write_text(OLD)
    found = list(processor.look(Settings(), confine({}), cpuinfo=cpuinfo))
    assert ["no AVX2" in each.what for each in found] == [False, True]


def test_memory_that_no_server_fits_in_is_a_warning(confine: "Confine") -> None:
    (found,) = memory.look(Settings(), confine({"memory.max": str(200_000_000)}))
    assert found.level == "warning"
    assert found.what.startswith("the container may have 200 MB, and a server of 1 model needs")


def test_a_load_that_would_not_fit_beside_the_models_is_a_warning(confine: "Confine") -> None:
    settings = Settings(threads=4)
    where = confine({"memory.max": str(600_000_000)})
    fits, largest = memory.look(settings, where)
    assert (fits.level, largest.level) == ("ok", "warning")
    assert "and 4 images of 67108864 pixels decoded at once, make that 3.1 GB" in largest.what
    assert "64 messages of streams with 16777216 bytes" in largest.what
    small = replace(settings, max_pixels=1_000_000, max_inside_bytes=10_000_000)
    assert [each.level for each in memory.look(small, where)] == ["ok", "warning"]
    (fits_now,) = memory.look(replace(small, max_streams=2, max_requests=2), where)
    assert fits_now.level == "ok"


def test_a_machine_with_room_is_well(confine: "Confine") -> None:
    (found,) = memory.look(Settings(threads=1), confine({}), machine_bytes=8_000_000_000)
    assert found.level == "ok"
    assert found.what.startswith("the machine has 8.0 GB")


def test_too_few_threads_for_the_models_is_a_problem(confine: "Confine") -> None:
    _, threads = limits.look(Settings(threads=4), confine({"pids.max": "20"}))
    assert threads.level == "problem"
    assert threads.what == "the container may have 20 threads, and about 36 are needed"
    _, threads = limits.look(Settings(threads=4), confine({"pids.max": "36"}))
    assert threads.level == "ok"


def test_few_open_files_are_a_warning_with_the_number_that_is_needed() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))\n"
        "from boxwright.doctor import limits; from boxwright.settings import Settings\n"
        "print(next(limits.look(Settings())))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert "level='warning'" in printed
    assert "may have 256 files open; 64 requests, 32 streams" in printed
    assert "ulimit -n 65536" in printed

"""The limits of a container are found, in either version of control groups."""

from typing import TYPE_CHECKING

from boxwright.device.cgroup import Allowance, allowance

if TYPE_CHECKING:
    from tests.doctor.conftest import Confine

V1 = "4:memory:/kube/pod\n2:cpu,cpuacct:/kube/pod\n3:pids:/kube/pod\n0::/"


def test_a_container_sees_its_own_limits_at_the_top(confine: "Confine") -> None:
    where = confine(
        {"cpu.max": "150000 100000", "memory.max": "536870912", "pids.max": "128"}, "0::/"
    )
    assert allowance(where) == Allowance(1.5, 512 << 20, 128)


def test_the_least_of_the_groups_around_a_process_counts(confine: "Confine") -> None:
    where = confine(
        {
            "pod/boxwright/cpu.max": "max 100000",
            "pod/boxwright/memory.max": "2000000000",
            "pod/cpu.max": "200000 100000",
            "pod/memory.max": "1000000000",
            "pod/boxwright/pids.max": "max",
        }
    )
    assert allowance(where) == Allowance(2.0, 1_000_000_000, None)


def test_version_one_is_read_from_a_folder_for_each_controller(confine: "Confine") -> None:
    where = confine(
        {
            "cpu/kube/pod/cpu.cfs_quota_us": "50000",
            "cpu/kube/pod/cpu.cfs_period_us": "100000",
            "memory/kube/pod/memory.limit_in_bytes": "300000000",
            "memory/memory.limit_in_bytes": "9223372036854771712",
            "pids/kube/pod/pids.max": "64",
        },
        V1,
    )
    assert allowance(where) == Allowance(0.5, 300_000_000, 64)


def test_no_limit_is_told_as_none(confine: "Confine") -> None:
    v1 = {
        "cpu/cpu.cfs_quota_us": "-1",
        "cpu/cpu.cfs_period_us": "100000",
        "memory/memory.limit_in_bytes": "9223372036854771712",
    }
    assert allowance(confine(v1, V1)) == Allowance()


def test_a_system_without_control_groups_has_no_limit(confine: "Confine") -> None:
    where = confine({}, "")
    where.membership.unlink()
    assert allowance(where) == Allowance()

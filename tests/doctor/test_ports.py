"""Ports are really tried, and who has them is named."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxwright.doctor.listeners import listener
from boxwright.doctor.ports import look
from boxwright.ports import Address
from boxwright.settings import Settings

HOLD = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as listening:
    print(listening.getsockname()[1], flush=True)
    sys.stdin.read()
"""


def held(*arguments: str) -> Iterator[tuple[int, int]]:
    """Yield a port that another process listens on, and that process."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, *arguments], stdin=-1, stdout=-1, text=True
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        yield int(program.stdout.readline()), program.pid
        program.stdin.close()


@pytest.fixture
def taken() -> Iterator[tuple[int, int]]:
    """A port that another process listens on, and that process."""
    yield from held()


@pytest.fixture
def free() -> int:
    """A port whose follower is free too."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_a_free_port_is_well_and_not_listened_on(free: int) -> None:
    (found,) = (
        each for each in look(Settings(port=free, metrics=False)) if "requests" in each.what
    )
    assert (found.level, found.what) == ("ok", f"requests on 127.0.0.1:{free}: free")
    with socket.create_server(("127.0.0.1", free)):
        pass


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "::"])
def test_a_taken_port_is_a_problem_that_names_who_has_it(taken: tuple[int, int], host: str) -> None:
    port, process = taken
    if host == "localhost" and len(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)) > 1:
        pytest.skip("localhost has a second address here, whose port is free")
    found = next(iter(look(Settings(host=host, port=port, metrics=False))))
    assert found.level == "problem"
    assert f"taken by process {process} ({sys.executable}" in found.what
    assert "BOXWRIGHT_PORT (--port)" in found.cure


def test_a_port_that_boxwright_has_is_a_warning() -> None:
    for port, _ in held("boxwright", "serve"):
        found = next(iter(look(Settings(port=port, metrics=False))))
        assert found.level == "warning"
        assert found.cure.startswith("It serves already")


def test_a_running_server_of_this_process_is_found(address: Address) -> None:
    found = next(iter(look(Settings(port=address.port, metrics=False))))
    assert f"taken by process {os.getpid()} " in found.what


def test_files_that_are_closed_meanwhile_do_not_hide_who_listens(tmp_path: Path) -> None:
    files = tmp_path / "7" / "fd"
    for folder in (files, tmp_path / "net"):
        folder.mkdir(parents=True)
    rest = "00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 55"
    (tmp_path / "net" / "tcp").write_text(f"head\n0: 0100007F:1F90 {rest}\n")
    (tmp_path / "7" / "cmdline").write_bytes(b"boxwright\0serve\0")
    for number in range(20):
        (files / f"{number}").touch()  # no link, so it cannot be read as one
    (files / "20").symlink_to("socket:[55]")
    found = listener(8080, tmp_path)
    assert found is not None
    assert (found.process, found.is_boxwright) == (7, True)


def test_the_ports_of_health_and_metrics_are_tried_too(taken: tuple[int, int]) -> None:
    port, _ = taken
    health = list(look(Settings(port=0, metrics=False, health_port=port)))
    assert [each.level for each in health] == ["ok", "problem", "note"]
    metrics = list(look(Settings(port=0, metrics_port=port)))
    assert [each.level for each in metrics] == ["ok", "problem"]
    assert "BOXWRIGHT_METRICS_PORT (--metrics-port)" in metrics[1].cure


def test_two_that_are_to_share_a_port_are_a_problem(free: int) -> None:
    found = list(look(Settings(port=free, health_port=free, metrics=False)))
    assert found[1].what == f"requests and health are to share port {free}"


def test_a_host_of_another_machine_is_a_problem() -> None:
    found = next(iter(look(Settings(host="192.0.2.1"))))  # RFC 5737: for documentation
    assert found.level == "problem"
    assert "BOXWRIGHT_HOST" in found.cure


def test_a_low_port_is_a_problem_for_users_who_may_not_have_it() -> None:
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as file:  # noqa: PTH123
        if int(file.read()) <= 1:
            pytest.skip("every user may listen on every port here")
    code = (
        "import encodings.idna, os; from boxwright.doctor.ports import look\n"
        "from boxwright.settings import Settings\n"
        "os.getuid() or os.setuid(65534)\n"
        "print(next(look(Settings(port=1))))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert "level='problem'" in printed
    assert "CAP_NET_BIND_SERVICE" in printed

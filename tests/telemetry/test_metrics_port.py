"""Metrics over HTTP: for whoever reads them, and in nobody's way."""

import http.client
import re
import socket
import threading
from contextlib import ExitStack
from dataclasses import replace

import pytest
from tests.telemetry.observed import Observed, free_port

from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.telemetry.metrics import Metrics
from boxwright.telemetry.metrics_port import MOST_READERS, metrics_port, port_of
from boxwright_contract.errors import BadSettings


def test_metrics_are_where_prometheus_looks_for_them(observed: Observed) -> None:
    status, text = observed.get()
    assert status == 200
    assert "boxwright_build_info{version=" in text
    assert "process_resident_memory_bytes" in text
    _, text = observed.get(accept="application/openmetrics-text; version=1.0.0")
    assert text.endswith("# EOF\n")
    assert observed.get(method="HEAD") == (200, "")


def test_other_paths_and_methods_are_refused(observed: Observed) -> None:
    assert observed.get("/") == (404, "Metrics are at /metrics.\n")
    assert observed.get("/metrics/../secret")[0] == 404
    assert observed.get("/metrics?name=x")[0] == 200
    assert observed.get(method="POST")[0] == 405


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x00", b"GET\r\n\r\n", b"x" * 100_000])
def test_what_is_no_request_harms_nobody(observed: Observed, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", observed.metrics_port)) as stranger:
        stranger.sendall(sent)
        assert observed.get()[0] == 200


def test_silent_readers_keep_nobody_out_for_long(observed: Observed) -> None:
    with ExitStack() as stack:
        where = ("127.0.0.1", observed.metrics_port)
        silent = [
            stack.enter_context(socket.create_connection(where, timeout=20))
            for _ in range(MOST_READERS)
        ]
        for each in silent:
            each.sendall(b"GET /metrics HTTP/1.1\r\n")
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            observed.get()  # the one too many
        for each in silent:
            assert each.recv(1) == b""  # their time is over
        assert observed.get()[0] == 200


def test_a_server_stops_at_once_though_its_metrics_are_being_read(settings: Settings) -> None:
    port, before = free_port(), set(threading.enumerate())
    with serve_in_background(replace(settings, metrics_port=port)):
        silent = socket.create_connection(("127.0.0.1", port), timeout=20)
    with silent:
        left = {thread.name for thread in set(threading.enumerate()) - before}
        assert "boxwright-metrics" not in left
        assert silent.recv(1) == b""


def test_metrics_can_be_off(settings: Settings) -> None:
    port = free_port()
    with (
        serve_in_background(replace(settings, metrics_port=port, metrics=False)),
        pytest.raises(ConnectionRefusedError),
    ):
        socket.create_connection(("127.0.0.1", port))


def test_the_port_after_the_servers_is_the_default(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    with caplog.at_level("INFO"), serve_in_background(replace(settings, port=port)):
        socket.create_connection(("127.0.0.1", port + 1)).close()
    assert f"metrics on http://127.0.0.1:{port + 1}/metrics" in caplog.text


def test_after_the_last_port_any_is_taken(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    assert port_of(replace(settings, port=65534)) == 65535
    last = replace(settings, port=65535)
    with caplog.at_level("INFO"), metrics_port(Metrics(), last):
        (port,) = re.findall(r"metrics on http://127.0.0.1:(\d+)/metrics", caplog.text)
        socket.create_connection(("127.0.0.1", int(port))).close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "::", "[::1]"])
def test_metrics_listen_on_the_host_that_is_set(settings: Settings, host: str) -> None:
    port = free_port()
    with serve_in_background(replace(settings, host=host, metrics_port=port)):
        socket.create_connection(("::1" if host == "[::1]" else "127.0.0.1", port)).close()


def test_a_port_in_use_is_refused_with_the_cure(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(BadSettings, match=rf"127.0.0.1:{port}: .*--metrics-port.*--no-metrics"),
            serve_in_background(replace(settings, metrics_port=port)),
        ):
            pass

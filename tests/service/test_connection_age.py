"""Connections that end with age, so that clients find servers that came later."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import cv2
import grpc
import numpy as np

from boxwright.client import Client
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.detection_pb2 import DetectRequest
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

PICTURE = np.full((64, 96, 3), 255, np.uint8)
AGE_S = 0.5


def test_no_call_fails_when_connections_end_with_age(settings: Settings) -> None:
    with (
        serve_in_background(replace(settings, connection_age_s=AGE_S)) as address,
        Client(str(address), retries=0) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        end = time.monotonic() + 6 * AGE_S

        def ask() -> set[int]:
            found = set()
            while time.monotonic() < end:
                found.add(len(client.detect(PICTURE, model="bright").detections))
            return found

        asking = [pool.submit(ask) for _ in range(4)]
        assert [each.result() for each in asking] == [{3}] * 4


@contextmanager
def names(known: list[str]) -> Iterator[int]:
    """Answer questions for a name's IPv4 addresses (RFC 1035) with those `known` at the time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(("127.0.0.1", 0))
        here.settimeout(0.1)
        over = threading.Event()

        def answer() -> None:
            while not over.is_set():
                try:
                    asked, who = here.recvfrom(512)
                except TimeoutError:
                    continue
                end = asked.index(0, 12) + 5  # of the question
                (kind,) = struct.unpack(">H", asked[end - 4 : end - 2])
                found = known if kind == 1 else []
                head = asked[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0)
                rows = [
                    struct.pack(">HHHIH", 0xC00C, 1, 1, 0, 4) + socket.inet_aton(each)
                    for each in found
                ]
                here.sendto(head + asked[12:end] + b"".join(rows), who)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield here.getsockname()[1]
        finally:
            over.set()
            thread.join()


def test_a_client_that_stays_connected_finds_a_server_that_came_later(
    settings: Settings, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    make_bundle(tmp_path / "bright/11")
    aging = replace(settings, connection_age_s=AGE_S)
    later = replace(aging, models=tmp_path, host="127.0.0.2")
    request = DetectRequest(model="bright", encoded=cv2.imencode(".png", PICTURE)[1].tobytes())
    known = ["127.0.0.1"]
    with (
        names(known) as dns,
        serve_in_background(aging) as first,
        serve_in_background(replace(later, port=first.port)),
        grpc.insecure_channel(
            f"dns://127.0.0.1:{dns}/replicas.test:{first.port}",
            [
                ("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),
                ("grpc.dns_min_time_between_resolutions_ms", 100),
                ("grpc.enable_http_proxy", 0),
            ],
        ) as channel,
    ):

        def asked() -> str:
            return DetectionServiceStub(channel).Detect(request, timeout=20).version

        assert asked() == "10"
        known.append("127.0.0.2")
        end = time.monotonic() + 20
        for calls in count(1):
            if asked() == "11":
                break
            assert time.monotonic() < end, f"not found in {calls} calls"

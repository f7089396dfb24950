"""Live servers whose metrics are read over HTTP."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import grpc

from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub


@dataclass(frozen=True)
class Observed:
    """A live server, a channel to it, and where its metrics are."""

    address: Address
    metrics_port: int
    channel: grpc.Channel

    @property
    def metrics(self) -> str:
        return f"127.0.0.1:{self.metrics_port}"

    @property
    def detection(self) -> DetectionServiceStub:
        return DetectionServiceStub(self.channel)

    def get(self, path: str = "/metrics", method: str = "GET", accept: str = "") -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=10)
        connection.request(method, path, headers={"Accept": accept})
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def observe(settings: Settings, **changes: Any) -> Iterator[Observed]:
    port = free_port()
    chosen = replace(settings, metrics_port=port, warm_up_s=0, **changes)
    with (
        serve_in_background(chosen) as address,
        grpc.insecure_channel(str(address)) as channel,
    ):
        yield Observed(address, port, channel)

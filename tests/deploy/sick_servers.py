"""Servers that say they serve, and end calls with one status."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

import grpc
from grpc_health.v1 import health, health_pb2_grpc

from boxwright.ports import Address
from boxwright.v1.detection_pb2 import DetectRequest, DetectResponse


@dataclass
class Sick:
    """Ends calls with `code`, but every `well`-th, and counts them."""

    code: grpc.StatusCode
    well: int
    calls: int = 0
    lock: Lock = field(default_factory=Lock)

    def detect(self, _: DetectRequest, context: grpc.ServicerContext) -> DetectResponse:
        with self.lock:
            self.calls += 1
            is_well = self.well and self.calls % self.well == 0
        if not is_well:
            context.abort(self.code, "sick")
        return DetectResponse()


@contextmanager
def sick_server(code: grpc.StatusCode, well: int = 0) -> Iterator[tuple[Address, Sick]]:
    """Run one; yield its address and what it counts."""
    sick = Sick(code, well)
    server = grpc.server(ThreadPoolExecutor(16))
    detect = grpc.unary_unary_rpc_method_handler(
        sick.detect, DetectRequest.FromString, DetectResponse.SerializeToString
    )
    service = grpc.method_handlers_generic_handler(
        "boxwright.v1.DetectionService", {"Detect": detect}
    )
    server.add_generic_rpc_handlers((service,))
    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield Address("127.0.0.1", port), sick
    finally:
        server.stop(0).wait()

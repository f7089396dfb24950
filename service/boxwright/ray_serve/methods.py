"""The methods of our services as Ray Serve must know them: taken from protos/, never by hand.

Serve gives a call to the method of one class that has the last part of the call's path as its
name. So no two services may have a method of the same name.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from grpc_health.v1 import health_pb2

from boxwright.services import DESCRIPTORS

HEALTH: Any = health_pb2.DESCRIPTOR.services_by_name["Health"]
NOT_OF_A_REPLICA = ("/grpc.health.v1.Health/Watch",)
"""Who watches one replica would take its health for that of all, and hold a place all the time, by
which Serve counts how many replicas are needed. For gRPC it is UNIMPLEMENTED, and clients then
leave it be."""

KINDS = MappingProxyType(
    {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }
)


def _methods() -> Iterator[MethodDescriptor]:
    services: Sequence[ServiceDescriptor] = (*DESCRIPTORS, HEALTH)
    for service in services:
        yield from (each for each in service.methods if path(each) not in NOT_OF_A_REPLICA)


def path(method: MethodDescriptor) -> str:
    """Return the path under which gRPC calls a method."""
    return f"/{method.containing_service.full_name}/{method.name}"


METHODS: Sequence[MethodDescriptor] = tuple(_methods())
"""Service by service."""


def add_services_to_server(servicer: Any, server: Any) -> None:  # noqa: ANN401  Serve's own.
    """Add every method to a server of Serve's, to be named in `grpc_servicer_functions`.

    Requests stay bytes, so that one that is too large or cannot be read gets our own status.
    """
    for name, methods in groupby(METHODS, lambda each: each.containing_service.full_name):
        handlers: Mapping[str, Any] = {
            each.name: KINDS[each.client_streaming, each.server_streaming](
                getattr(servicer, each.name)
            )
            for each in methods
        }
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(name, dict(handlers)),)
        )
        server.add_registered_method_handlers(name, dict(handlers))

"""The gRPC services of a server, put together."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from google.protobuf.descriptor import ServiceDescriptor
from grpc import aio
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2_grpc

from boxwright.inference import open_inference_pb2, open_inference_pb2_grpc
from boxwright.pipeline import Pipeline
from boxwright.rpc.admin import AdminService
from boxwright.rpc.catalog import CatalogService
from boxwright.rpc.detection import DetectionService
from boxwright.rpc.geometry import GeometryService
from boxwright.rpc.health import HealthService
from boxwright.rpc.open_inference.service import OpenInferenceService
from boxwright.rpc.open_streams import OpenStreams
from boxwright.rpc.reflection import ReflectionService
from boxwright.settings import Settings
from boxwright.shelf.shelf import Shelf
from boxwright.v1 import (
    admin_pb2,
    admin_pb2_grpc,
    catalog_pb2,
    catalog_pb2_grpc,
    detection_pb2,
    detection_pb2_grpc,
    geometry_pb2,
    geometry_pb2_grpc,
)
from boxwright_contract.catalog import Catalog

Added: TypeAlias = tuple[Any, Callable[[Any, aio.Server], None]]
"""A service, and what adds it to a server."""

DESCRIPTORS: Sequence[ServiceDescriptor] = (
    detection_pb2.DESCRIPTOR.services_by_name["DetectionService"],
    catalog_pb2.DESCRIPTOR.services_by_name["CatalogService"],
    geometry_pb2.DESCRIPTOR.services_by_name["GeometryService"],
    admin_pb2.DESCRIPTOR.services_by_name["AdminService"],
    open_inference_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"],
)

SERVICES = tuple(its.full_name for its in DESCRIPTORS)
"""By their full names."""


def services(
    status: HealthService,
    *,
    pipeline: Pipeline,
    streams: OpenStreams,
    geometry: GeometryService,
    models: Shelf,
    plugins: Catalog,
    settings: Settings,
) -> Sequence[Added]:
    """Return every service; `status` is the one that tells whether they serve."""
    return (
        (
            DetectionService(pipeline, streams, settings),
            detection_pb2_grpc.add_DetectionServiceServicer_to_server,
        ),
        (
            CatalogService(plugins, models, settings),
            catalog_pb2_grpc.add_CatalogServiceServicer_to_server,
        ),
        (
            geometry,
            geometry_pb2_grpc.add_GeometryServiceServicer_to_server,
        ),
        (
            AdminService(models, settings.admin),
            admin_pb2_grpc.add_AdminServiceServicer_to_server,
        ),
        (
            OpenInferenceService(pipeline, models, streams, settings, lambda: status.serving),
            open_inference_pb2_grpc.add_GRPCInferenceServiceServicer_to_server,
        ),
        (
            status,
            health_pb2_grpc.add_HealthServicer_to_server,
        ),
    )


def add_services(server: aio.Server, added: Sequence[Added], reflection: ReflectionService) -> None:
    """Add services to a server, and reflection, which tells of them."""
    its: Added = (reflection, reflection_pb2_grpc.add_ServerReflectionServicer_to_server)
    for service, add in (*added, its):
        add(service, server)

"""What the server says about itself: models, plugins, health, reflection."""

import json
from typing import Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from boxwright.v1.catalog_pb2 import (
    GetModelRequest,
    ListModelsRequest,
    ListPluginsRequest,
    ModelSummary,
    Plugin,
)
from boxwright.v1.catalog_pb2_grpc import CatalogServiceStub
from boxwright_contract.catalog import Catalog

SERVICES = (
    "boxwright.v1.CatalogService",
    "boxwright.v1.DetectionService",
    "boxwright.v1.GeometryService",
)


def health(channel: grpc.Channel) -> Any:
    return HealthStub(channel)


def test_models_are_listed_newest_first_and_the_bad_ones_with_their_reason(
    catalog: CatalogServiceStub,
) -> None:
    *served, bad = catalog.ListModels(ListModelsRequest()).models
    assert served == [
        ModelSummary(
            model="bright", version=version, architecture="bright_areas+nothing", class_count=3
        )
        for version in ("10", "9")
    ]
    assert (bad.model, bad.version) == ("altered", "1")
    assert "was altered: its SHA-256 is" in bad.problem


def test_a_model_tells_its_classes_thresholds_levels_and_card(catalog: CatalogServiceStub) -> None:
    model = catalog.GetModel(GetModelRequest(model="bright"))
    assert model.summary.version == "10"
    assert list(model.classes) == ["red", "green", "blue"]
    assert (model.min_score, model.most_detections) == (0.75, 5)
    assert [(level.name, level.channels, level.stride_px) for level in model.levels] == [
        ("C0", 3, 1)
    ]
    assert json.loads(model.card_json)["weights"]["licence"] == "Apache-2.0"


def test_a_model_tells_the_provider_that_really_runs_it(catalog: CatalogServiceStub) -> None:
    assert catalog.GetModel(GetModelRequest()).provider == "CPUExecutionProvider"


def test_a_model_tells_how_it_runs(catalog: CatalogServiceStub) -> None:
    running = catalog.GetModel(GetModelRequest()).running
    assert (running.precision, running.lanes, running.fallback) == ("float32", 2, "")
    [placement] = running.placements
    assert placement.provider == "CPUExecutionProvider"
    assert placement.nodes > 40


def test_an_unknown_model_is_not_found(catalog: CatalogServiceStub) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        catalog.GetModel(GetModelRequest(model="bight"))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert "Did you mean 'bright'?" in str(caught.value.details())


def test_every_installed_plugin_is_listed_with_its_distribution(
    catalog: CatalogServiceStub,
) -> None:
    installed = Catalog.installed()
    plugins = catalog.ListPlugins(ListPluginsRequest()).plugins
    names = {(plugin.kind, plugin.name) for plugin in plugins if not plugin.problem}
    assert names == {
        *((Plugin.KIND_BACKBONE, name) for name in installed.backbones),
        *((Plugin.KIND_BACKBONE_FAMILY, name) for name in installed.families),
        *((Plugin.KIND_NECK, name) for name in installed.necks),
        *((Plugin.KIND_DETECTOR, name) for name in installed.detectors),
        *((Plugin.KIND_PROPOSAL_SOURCE, name) for name in installed.proposals),
    }
    assert [plugin.problem for plugin in plugins if plugin.problem] == [
        problem.reason for problem in installed.problems
    ]
    assert all(plugin.distribution for plugin in plugins)


@pytest.mark.parametrize("service", ["", *SERVICES])
def test_health_is_serving(service: str, channel: grpc.Channel) -> None:
    answer = health(channel).Check(HealthCheckRequest(service=service))
    assert answer.status == HealthCheckResponse.SERVING


def test_the_health_of_an_unknown_service_is_not_found(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        health(channel).Check(HealthCheckRequest(service="nothing"))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_health_can_be_watched(channel: grpc.Channel) -> None:
    watch = health(channel).Watch(HealthCheckRequest(service=SERVICES[0]))
    assert next(watch).status == HealthCheckResponse.SERVING
    watch.cancel()


def test_the_health_of_an_unknown_service_can_be_watched_too(channel: grpc.Channel) -> None:
    watch = health(channel).Watch(HealthCheckRequest(service="nothing"))
    assert next(watch).status == HealthCheckResponse.SERVICE_UNKNOWN
    watch.cancel()


def test_reflection_lists_the_services(channel: grpc.Channel) -> None:
    services = ProtoReflectionDescriptorDatabase(channel).get_services()
    assert {*SERVICES, "grpc.health.v1.Health"} <= set(services)

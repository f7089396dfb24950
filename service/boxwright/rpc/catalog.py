"""boxwright.v1.CatalogService."""

from typing import Any

from grpc import aio

from boxwright.proposals.plan import served_rule
from boxwright.rpc.wire import catalog as wire
from boxwright.settings import Settings
from boxwright.shelf.shelf import Shelf
from boxwright.v1.catalog_pb2 import (
    GetModelRequest,
    GetModelResponse,
    ListModelsRequest,
    ListModelsResponse,
    ListPluginsRequest,
    ListPluginsResponse,
)
from boxwright.v1.catalog_pb2_grpc import CatalogServiceServicer
from boxwright_contract.catalog import Catalog


class CatalogService(CatalogServiceServicer):
    """Tells what is installed and what is served."""

    def __init__(self, plugins: Catalog, models: Shelf, settings: Settings) -> None:
        self._plugins = plugins
        self._models = models
        self._settings = settings

    async def ListPlugins(
        self, request: ListPluginsRequest, context: aio.ServicerContext[Any, Any]
    ) -> ListPluginsResponse:
        """List every plugin that was found, the broken ones with their reason."""
        return wire.plugins(self._plugins)

    async def ListModels(
        self, request: ListModelsRequest, context: aio.ServicerContext[Any, Any]
    ) -> ListModelsResponse:
        """List the models that are served, and those that cannot be, with their reason."""
        return wire.models(self._models.now)

    async def GetModel(
        self, request: GetModelRequest, context: aio.ServicerContext[Any, Any]
    ) -> GetModelResponse:
        """Tell all about one model. Errors: BadInput, UnknownName."""
        models = self._models.now
        model = models.find(request.model, request.version)
        rule = served_rule(model.bundle.card, self._settings)
        return wire.model(models, model, rule)

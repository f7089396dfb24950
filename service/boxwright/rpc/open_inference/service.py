"""inference.GRPCInferenceService."""

from collections.abc import AsyncIterator, Callable
from importlib.metadata import version
from typing import Any

import grpc
from grpc import aio

from boxwright.answer import Answer
from boxwright.inference import open_inference_pb2 as pb
from boxwright.inference.open_inference_pb2_grpc import GRPCInferenceServiceServicer
from boxwright.pipeline import Pipeline
from boxwright.query import Query
from boxwright.rpc.admin import check_admin
from boxwright.rpc.open_inference import description, repository
from boxwright.rpc.open_inference.inference import Inference
from boxwright.rpc.open_inference.lookup import find
from boxwright.rpc.open_inference.statistics import Statistics
from boxwright.rpc.open_inference.streaming import answered
from boxwright.rpc.open_streams import OpenStreams
from boxwright.rpc.patience import detect_when_there_is_room
from boxwright.rpc.status import abort
from boxwright.settings import Settings
from boxwright.shelf.shelf import Shelf
from boxwright_contract.errors import LONGEST_QUOTE, BadInput, CannotChange, UnknownName

NAME = "boxwright"
EXTENSIONS = ("model_configuration", "parameters", "statistics")
ADMIN_EXTENSION = "model_repository"

Context = aio.ServicerContext[Any, Any]


class OpenInferenceService(GRPCInferenceServiceServicer):
    """Detection for clients of the Open Inference Protocol. Its statuses are those of Triton."""

    def __init__(
        self,
        pipeline: Pipeline,
        models: Shelf,
        streams: OpenStreams,
        settings: Settings,
        is_serving: Callable[[], bool],
    ) -> None:
        self._models = models
        self._streams = streams
        self._settings = settings
        self._is_serving = is_serving
        self._statistics = Statistics()

        async def patiently(image: Query) -> Answer:
            return await detect_when_there_is_room(pipeline, image, settings.timeout_s)

        told, most = self._statistics, settings.max_requests
        self._inference = Inference(pipeline.detect, models, told, most)
        self._streamed = Inference(patiently, models, told, most)

    async def ServerLive(
        self, request: pb.ServerLiveRequest, context: Context
    ) -> pb.ServerLiveResponse:
        """Tell that the server runs."""
        return pb.ServerLiveResponse(live=True)

    async def ServerReady(
        self, request: pb.ServerReadyRequest, context: Context
    ) -> pb.ServerReadyResponse:
        """Tell whether the server takes requests, which it does until it drains."""
        return pb.ServerReadyResponse(ready=self._is_serving())

    async def ModelReady(
        self, request: pb.ModelReadyRequest, context: Context
    ) -> pb.ModelReadyResponse:
        """Tell whether a model is served. Errors: BadInput."""
        try:
            find(self._models, request.name, request.version)
        except UnknownName:
            return pb.ModelReadyResponse(ready=False)
        return pb.ModelReadyResponse(ready=True)

    async def ServerMetadata(
        self, request: pb.ServerMetadataRequest, context: Context
    ) -> pb.ServerMetadataResponse:
        """Tell what the server is, and which extensions work."""
        admin = (ADMIN_EXTENSION,) if self._settings.admin else ()
        return pb.ServerMetadataResponse(
            name=NAME, version=version("boxwright"), extensions=(*EXTENSIONS, *admin)
        )

    async def ModelMetadata(
        self, request: pb.ModelMetadataRequest, context: Context
    ) -> pb.ModelMetadataResponse:
        """Tell what a model takes and gives. Errors: BadInput, UnknownName."""
        model = find(self._models, request.name, request.version)
        return description.metadata(model, self._models.now.versions_of(model.bundle.name))

    async def ModelConfig(
        self, request: pb.ModelConfigRequest, context: Context
    ) -> pb.ModelConfigResponse:
        """Tell how a model is served. Errors: BadInput, UnknownName."""
        model = find(self._models, request.name, request.version)
        return pb.ModelConfigResponse(config=description.config(model, self._settings))

    async def ModelStatistics(
        self, request: pb.ModelStatisticsRequest, context: Context
    ) -> pb.ModelStatisticsResponse:
        """Tell how often and how long models ran. Errors: BadInput."""
        served = self._models.now
        try:
            models = repository.chosen(served, request.name, request.version)
        except UnknownName as error:
            raise BadInput(str(error)) from error
        return pb.ModelStatisticsResponse(
            model_stats=[self._statistics.of(model.bundle) for model in models]
        )

    async def ModelInfer(
        self, request: pb.ModelInferRequest, context: Context
    ) -> pb.ModelInferResponse:
        """Find the objects in a batch of images.

        Errors: BadInput, TooLarge, UnknownName, Overloaded, DeadlinePassed.
        """
        return await self._inference.infer(request, context.time_remaining())

    async def ModelStreamInfer(  # type: ignore[override]  # no generator: they are not cancelled
        self, requests: AsyncIterator[pb.ModelInferRequest], context: Context
    ) -> None:
        """Do ModelInfer for one request after another. Errors: Overloaded."""

        async def answer(request: pb.ModelInferRequest | BadInput) -> pb.ModelStreamInferResponse:
            return await answered(self._streamed, request, context.time_remaining())

        await self._streams.run(answer, requests, context)

    async def RepositoryIndex(
        self, request: pb.RepositoryIndexRequest, context: Context
    ) -> pb.RepositoryIndexResponse:
        """List the models in the server's folder. UNIMPLEMENTED: a repository is named."""
        await self._one_repository(request.repository_name, context)
        return repository.index(self._models.now, request.ready)

    async def RepositoryModelLoad(
        self, request: pb.RepositoryModelLoadRequest, context: Context
    ) -> pb.RepositoryModelLoadResponse:
        """Load what is new of a model. Errors: BadInput, NotAllowed. INTERNAL: it cannot be."""
        check_admin(self._settings.admin)
        await self._one_repository(request.repository_name, context)
        repository.check_parameters(request.parameters, ())
        try:
            await self._models.load(request.model_name)
        except (UnknownName, CannotChange) as error:
            await abort(context, error, grpc.StatusCode.INTERNAL)
        return pb.RepositoryModelLoadResponse()

    async def RepositoryModelUnload(
        self, request: pb.RepositoryModelUnloadRequest, context: Context
    ) -> pb.RepositoryModelUnloadResponse:
        """Stop serving a model, if it is served. Errors: BadInput, NotAllowed."""
        check_admin(self._settings.admin)
        await self._one_repository(request.repository_name, context)
        repository.check_parameters(request.parameters, ("unload_dependents",))
        if self._models.now.versions_of(request.model_name):
            await self._models.unload(request.model_name)
        return pb.RepositoryModelUnloadResponse()

    async def _one_repository(self, name: str, context: Context) -> None:
        if name:
            error = BadInput(
                f"the request names the repository '{name[:LONGEST_QUOTE]}', and this server has "
                "one, without a name. Name none."
            )
            await abort(context, error, grpc.StatusCode.UNIMPLEMENTED)

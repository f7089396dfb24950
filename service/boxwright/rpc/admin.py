"""boxwright.v1.AdminService."""

from typing import Any, TypeAlias

from grpc import aio

from boxwright.shelf.shelf import Shelf
from boxwright.v1 import admin_pb2 as pb
from boxwright.v1.admin_pb2_grpc import AdminServiceServicer
from boxwright_contract.errors import NotAllowed

Context: TypeAlias = aio.ServicerContext[Any, Any]


class AdminService(AdminServiceServicer):
    """Changes what is served, where the operator allows calls to."""

    def __init__(self, models: Shelf, allowed: bool) -> None:
        self._models = models
        self._allowed = allowed

    async def LoadModel(
        self, request: pb.LoadModelRequest, context: Context
    ) -> pb.LoadModelResponse:
        """Serve versions that are in the folder. Errors: BadInput, UnknownName, CannotChange."""
        check_admin(self._allowed)
        return pb.LoadModelResponse(
            versions=await self._models.load(request.model, request.version)
        )

    async def UnloadModel(
        self, request: pb.UnloadModelRequest, context: Context
    ) -> pb.UnloadModelResponse:
        """Stop serving versions, and let the requests inside end. Errors: BadInput, UnknownName."""
        check_admin(self._allowed)
        return pb.UnloadModelResponse(
            versions=await self._models.unload(request.model, request.version)
        )

    async def SetAlias(self, request: pb.SetAliasRequest, context: Context) -> pb.SetAliasResponse:
        """Let a name stand for a version. Errors: BadInput, UnknownName, CannotChange."""
        check_admin(self._allowed)
        await self._models.set_alias(request.model, request.alias, request.version)
        return pb.SetAliasResponse()

    async def RemoveAlias(
        self, request: pb.RemoveAliasRequest, context: Context
    ) -> pb.RemoveAliasResponse:
        """Take such a name away. Errors: BadInput, UnknownName, CannotChange."""
        check_admin(self._allowed)
        await self._models.remove_alias(request.model, request.alias)
        return pb.RemoveAliasResponse()


def check_admin(allowed: bool) -> None:
    """Refuse a change of what is served, unless the operator allows it. Raises NotAllowed."""
    if not allowed:
        raise NotAllowed(
            "this server lets no call change what it serves. Start it with --admin "
            "(BOXWRIGHT_ADMIN=on), or put the files into its folder of models."
        )

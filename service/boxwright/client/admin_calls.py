"""The calls that change what a server serves."""

from functools import cached_property

from boxwright.client.connection import Connection
from boxwright.client.requests import written
from boxwright.v1 import admin_pb2 as pb
from boxwright.v1.admin_pb2_grpc import AdminServiceStub


class AdminCalls(Connection):
    """One method for each call of AdminService, which a server answers that allows it (--admin)."""

    def load_model(self, name: str, version: str = "") -> tuple[str, ...]:
        """Have a version of a model served, or all that the server's folder has.

        Returns:
            The versions that are served then, newest first.

        Raises:
            NotAllowed: The server lets no call change what it serves.
            UnknownName: Its folder has no such model or version.
            CannotChange: One cannot be served; what was served before still is.
        """
        with written():
            request = pb.LoadModelRequest(model=name, version=version)
        return tuple(self._ask(self._admin.LoadModel, request).versions)

    def unload_model(self, name: str, version: str = "") -> tuple[str, ...]:
        """Have a version of a model, or all, no longer served; wait for the requests inside.

        Returns:
            The versions that are still served, newest first.

        Raises:
            NotAllowed: The server lets no call change what it serves.
            UnknownName: It is not served.
        """
        with written():
            request = pb.UnloadModelRequest(model=name, version=version)
        return tuple(self._ask(self._admin.UnloadModel, request).versions)

    def set_alias(self, name: str, alias: str, version: str) -> None:
        """Let a name stand for a version of a model, from the next request on.

        Raises:
            NotAllowed: The server lets no call change what it serves.
            UnknownName: No such version is served.
            BadInput: That name cannot be an alias.
            CannotChange: The server cannot write it to its folder.
        """
        with written():
            request = pb.SetAliasRequest(model=name, alias=alias, version=version)
        self._ask(self._admin.SetAlias, request)

    def remove_alias(self, name: str, alias: str) -> None:
        """Take such a name away.

        Raises:
            NotAllowed: The server lets no call change what it serves.
            UnknownName: There is none.
            CannotChange: The server cannot write that to its folder.
        """
        with written():
            request = pb.RemoveAliasRequest(model=name, alias=alias)
        self._ask(self._admin.RemoveAlias, request)

    @cached_property
    def _admin(self) -> AdminServiceStub:
        return AdminServiceStub(self._channel)

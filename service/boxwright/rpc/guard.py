"""Who may call what: the bearer token of a call, before anything of its request is read."""

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from boxwright.rpc.edge import Check, Metadata
from boxwright.security.tokens import Token, owner_of, read_tokens
from boxwright.security.watched import Watched
from boxwright_contract.errors import NotAllowed, Unidentified

SCHEME = "bearer "
METADATA_KEY = "authorization"

ANYBODY = ""
"""Instead of a permission: no token is needed."""
ANY_TOKEN = "any"
"""Instead of a permission: any known token will do."""

BY_METHOD = MappingProxyType(
    {
        "inference.GRPCInferenceService/RepositoryModelLoad": "admin",
        "inference.GRPCInferenceService/RepositoryModelUnload": "admin",
    }
)
"""The permission of methods that are unlike the rest of their service."""

BY_SERVICE = MappingProxyType(
    {
        "boxwright.v1.DetectionService": "detect",
        "boxwright.v1.CatalogService": "catalog",
        "boxwright.v1.GeometryService": "geometry",
        "boxwright.v1.AdminService": "admin",
        "inference.GRPCInferenceService": "inference",
        "grpc.health.v1.Health": ANYBODY,
        "grpc.reflection.v1alpha.ServerReflection": ANY_TOKEN,
    }
)

UNLISTED = "admin"
"""The permission of a service that nobody thought of."""


def permission_of(method: str) -> str:
    """Return what a token must be allowed, to call a method.

    Example:
        >>> permission_of("/boxwright.v1.DetectionService/Detect")
        'detect'
    """
    name = method.removeprefix("/")
    return BY_METHOD.get(name) or BY_SERVICE.get(name.partition("/")[0], UNLISTED)


def guard(file: Path) -> Check:
    """Return the check that every call has a token of `file` that may make it.

    The file is read again when it changes; a broken one changes nothing.

    Raises:
        BadSettings: It is not a file of tokens.
    """
    tokens = Watched("tokens", [file], lambda: read_tokens(file))

    def check(path: str, metadata: Metadata) -> None:
        permission = permission_of(path)
        if permission == ANYBODY:
            return
        owner = _owner(path, metadata, tokens.now())
        if permission not in (ANY_TOKEN, *owner.may):
            raise NotAllowed(
                f"the token '{owner.name}' may {', '.join(owner.may)}, and {path} needs "
                f"'{permission}'. Use a token that has it, or let the server's operator add it."
            )

    return check


def _owner(path: str, metadata: Metadata, tokens: Sequence[Token]) -> Token:
    sent = [value for key, value in metadata if key == METADATA_KEY]
    if len(sent) != 1:
        raise Unidentified(
            f"{path} needs one token, and {len(sent)} came. Send the metadata "
            f"'{METADATA_KEY}: Bearer TOKEN'; the client of Boxwright takes it from "
            "BOXWRIGHT_TOKEN."
        )
    (value,) = sent
    text = value if isinstance(value, str) else value.decode(errors="replace")
    is_bearer = text[: len(SCHEME)].lower() == SCHEME
    owner = owner_of(text[len(SCHEME) :].strip(), tokens) if is_bearer else None
    if owner is None:
        raise Unidentified(
            "the token is not known here"
            + ("" if is_bearer else ", for it does not begin with 'Bearer '")
            + ". Ask the server's operator for one (`boxwright token new`)."
        )
    return owner

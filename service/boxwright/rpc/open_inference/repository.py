"""The server's folder of models, as this protocol asks about it."""

from collections.abc import Container, Iterable, Sequence

from boxwright.device.model import Model
from boxwright.inference.open_inference_pb2 import RepositoryIndexResponse
from boxwright.rpc.open_inference.lookup import find
from boxwright.shelf.repository import Repository
from boxwright.shelf.slots import UNLOADED
from boxwright_contract.errors import LONGEST_QUOTE, BadInput

READY = "READY"
UNAVAILABLE = "UNAVAILABLE"


def index(served: Repository, only_ready: bool) -> RepositoryIndexResponse:
    """Return the models in the folder, those that are not served last, unless `only_ready`."""
    told = RepositoryIndexResponse()
    for model in served.models:
        its = model.bundle
        told.models.add(name=its.name, version=str(its.version), state=READY)
    for bad in () if only_ready else served.unserved:
        if not bad.is_version:
            continue
        reason = "unloaded" if bad.problem == UNLOADED else bad.problem
        told.models.add(name=bad.name, version=bad.version, state=UNAVAILABLE, reason=reason)
    return told


def chosen(served: Repository, name: str, version: str) -> Sequence[Model]:
    """Return one version of a model, or all of it without a version, or all models without a name.

    Raises:
        BadInput: The version is no number, and no alias either.
        UnknownName: No such model or version is served.
    """
    if version:
        return [find(served, name, version)]
    if not name:
        return served.models
    find(served, name, version)
    return [model for model in served.models if model.bundle.name == name]


def check_parameters(sent: Iterable[str], taken: Container[str]) -> None:
    """Refuse parameters that would be without effect.

    Raises:
        BadInput: It names them.
    """
    refused = sorted(name[:LONGEST_QUOTE] for name in sent if name not in taken)
    if refused:
        raise BadInput(
            f"the parameters {', '.join(refused)} are not taken: models come from the server's "
            "folder alone, as they are there. Leave them out."
        )

"""Models that come and go."""

import shutil
from functools import partial
from pathlib import Path

import grpc
import numpy as np
from tests.open_inference.triton_checks.asking import (
    RED_AND_GREEN,
    Client,
    check,
    files,
    infer,
    outcome,
    tensor,
)
from tritonclient.grpc.service_pb2 import RepositoryIndexRequest


@check
def index(client: Client) -> object:
    return client.get_model_repository_index(as_json=True)["models"]


@check
def index_of_a_named_repository(client: Client) -> object:
    try:
        client._client_stub.RepositoryIndex(RepositoryIndexRequest(repository_name="other"))
    except grpc.RpcError as error:
        return {"status": error.code().name, "message": error.details()}
    return "well"


@check
def load_unknown(client: Client) -> object:
    return client.load_model("absent")


@check
def load_broken(client: Client) -> object:
    return client.load_model("altered")


@check
def load_with_a_configuration(client: Client) -> object:
    return client.load_model("bright", config="{}")


@check
def load_with_a_file(client: Client) -> object:
    return client.load_model("bright", config="{}", files={"file:1/model.onnx": b"graph"})


@check
def unload_unknown(client: Client) -> object:
    client.unload_model("absent")
    return "well"


def lifecycle(client: Client, models: Path) -> object:
    """A model comes, goes, and comes back."""
    shutil.copytree(models / "bright" / "9", models / "coming" / "1")
    client.load_model("coming")
    loaded = client.is_model_ready("coming")
    client.unload_model("coming", unload_dependents=True)
    index = client.get_model_repository_index(as_json=True)["models"]
    unloaded = [client.is_model_ready("coming"), client.is_server_ready()]
    client.load_model("coming")
    answered = infer(client, files(RED_AND_GREEN), "coming")["count"]["values"]
    return {"loaded": loaded, "unloaded": unloaded, "index": index, "answered": answered}


def without_admin(client: Client) -> object:
    refusals = [outcome(partial(c, "bright")) for c in (client.load_model, client.unload_model)]
    extensions = client.get_server_metadata(as_json=True)["extensions"]
    large = tensor("image", np.zeros((1, 640, 640, 3), np.uint8))
    too_large = outcome(lambda: infer(client, large))
    return {"refusals": refusals, "extensions": extensions, "too_large": too_large}

"""What the server tells about itself and its models."""

import contextlib

import numpy as np
from tests.open_inference.triton_checks.asking import BLACK, Client, check, files, tensor
from tritonclient.utils import InferenceServerException


@check
def is_live(client: Client) -> object:
    return client.is_server_live(), client.is_server_ready()


@check
def known_model_is_ready(client: Client) -> object:
    return [client.is_model_ready("bright", version) for version in ("", "9", "10")]


@check
def unknown_model_is_ready(client: Client) -> object:
    return client.is_model_ready("absent"), client.is_model_ready("bright", "8")


@check
def server_metadata(client: Client) -> object:
    return client.get_server_metadata(as_json=True)


@check
def model_metadata(client: Client) -> object:
    return client.get_model_metadata("bright", as_json=True)


@check
def model_config(client: Client) -> object:
    return client.get_model_config("bright", as_json=True)


@check
def readiness_of_a_version_that_is_no_number(client: Client) -> object:
    return client.is_model_ready("bright", "abc")


@check
def unknown_model_metadata(client: Client) -> object:
    return client.get_model_metadata("absent")


@check
def unknown_version_config(client: Client) -> object:
    return client.get_model_config("bright", "8")


@check
def version_that_is_no_number(client: Client) -> object:
    return client.get_model_metadata("bright", "abc")


@check
def statistics(client: Client) -> object:
    before = client.get_inference_statistics("bright", "9", as_json=True)["model_stats"]
    client.infer("bright", [files(BLACK, BLACK, BLACK)], model_version="9")
    with contextlib.suppress(InferenceServerException):
        client.infer("bright", [tensor("image", np.array([b"-"], np.object_))], model_version="9")
    after = client.get_inference_statistics("bright", "9", as_json=True)["model_stats"]
    return before, after


@check
def statistics_of_all(client: Client) -> object:
    return client.get_inference_statistics(as_json=True)["model_stats"]


@check
def statistics_of_unknown(client: Client) -> object:
    return client.get_inference_statistics("absent")


@check
def settings_of_traces(client: Client) -> object:
    return client.get_trace_settings()


@check
def settings_of_logs(client: Client) -> object:
    return client.get_log_settings()


@check
def shared_memory_status(client: Client) -> object:
    return client.get_system_shared_memory_status()

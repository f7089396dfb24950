"""What is found, in both forms, by single calls and by a stream."""

import asyncio
import queue
from typing import Any

import numpy as np
from tests.open_inference.triton_checks.asking import (
    BLACK,
    RED_AND_GREEN,
    Client,
    asked,
    check,
    files,
    infer,
    png,
    tensor,
    told,
)
from tritonclient.grpc.aio import InferenceServerClient as AioClient


@check
def padded(client: Client) -> object:
    return infer(client, files(RED_AND_GREEN, BLACK))


@check
def ragged(client: Client) -> object:
    images = files(RED_AND_GREEN, BLACK, RED_AND_GREEN)
    return infer(client, images, parameters={"output_form": "ragged"})


@check
def files_in_a_column(client: Client) -> object:
    column = np.array([[png(RED_AND_GREEN)], [png(BLACK)]], np.object_)
    return infer(client, tensor("image", column))


@check
def pixels(client: Client) -> object:
    return infer(client, tensor("image", np.stack([RED_AND_GREEN, RED_AND_GREEN])))


@check
def one_image_of_pixels(client: Client) -> object:
    return infer(client, tensor("image", RED_AND_GREEN))


@check
def nothing_found(client: Client) -> object:
    return infer(client, files(BLACK), parameters={"output_form": "ragged"})


@check
def outputs_asked_backwards(client: Client) -> object:
    return list(infer(client, files(BLACK), outputs=asked("count", "scores", "boxes")))


@check
def parameters(client: Client) -> object:
    image = files(RED_AND_GREEN)
    each: list[dict[str, Any]] = [
        {"score_threshold": 0.9},
        {"score_threshold": 1},
        {"max_detections": 1},
        {"classes": "green, blue"},
    ]
    names = asked("label_names")
    return [
        infer(client, image, outputs=names, parameters={**some, "output_form": "ragged"})
        for some in each
    ]


@check
def of_an_older_version(client: Client) -> object:
    response = client.infer("bright", [files(BLACK)], model_version="9", request_id="seven")
    its = response.get_response()
    return its.model_name, its.model_version, its.id


@check
def time_enough_and_priority(client: Client) -> object:
    return list(infer(client, files(BLACK), timeout=30_000_000, priority=2, sequence_id=7))


@check
def five_megabytes_of_pixels(client: Client) -> object:
    return infer(client, tensor("image", np.zeros((4, 640, 640, 3), np.uint8)))


@check
def stream(client: Client) -> object:
    answers: queue.Queue[tuple[Any, Any]] = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    sent = {"0": files(RED_AND_GREEN), "1": tensor("image", np.array([b"-"], np.object_))}
    sent |= {str(n): files(BLACK) for n in range(2, 12)}
    for number, image in sent.items():
        client.async_stream_infer("bright", [image], request_id=number)
    client.async_stream_infer("absent", [files(BLACK)], request_id="12")
    client.async_stream_infer(
        "bright", [files(BLACK)], request_id="13", enable_empty_final_response=True
    )
    got = []
    for _ in range(14):
        result, error = answers.get(timeout=30)
        response = None if result is None else result.get_response()
        got.append(
            {
                "id": None if response is None else response.id,
                "final": response and response.parameters["triton_final_response"].bool_param,
                "count": None if result is None else result.as_numpy("count").tolist(),
                "error": None if error is None else error.message(),
            }
        )
    client.stop_stream()
    return got


def side_by_side(address: str) -> object:
    """What the asyncio client is told of three requests at once."""

    async def ask() -> list[object]:
        async with AioClient(address) as client:
            images = [files(RED_AND_GREEN), files(BLACK), tensor("image", RED_AND_GREEN)]
            each = await asyncio.gather(*(client.infer("bright", [image]) for image in images))
        return [told(result)["count"]["values"] for result in each]

    return asyncio.run(ask())

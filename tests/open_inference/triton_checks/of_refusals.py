"""What cannot be used."""

import numpy as np
import tritonclient.grpc as triton
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


@check
def infer_unknown_model(client: Client) -> object:
    return infer(client, files(BLACK), "absent")


@check
def bad_input_name(client: Client) -> object:
    return infer(client, tensor("img", RED_AND_GREEN))


@check
def no_image(client: Client) -> object:
    return client.infer("bright", [])


@check
def bad_datatype(client: Client) -> object:
    return infer(client, tensor("image", RED_AND_GREEN.astype(np.float32)))


@check
def bad_rank(client: Client) -> object:
    return infer(client, tensor("image", RED_AND_GREEN[..., 0]))


@check
def bad_fixed_side(client: Client) -> object:
    return infer(client, tensor("image", np.zeros((1, 8, 8, 4), np.uint8)))


@check
def bad_byte_size(client: Client) -> object:
    image = tensor("image", RED_AND_GREEN)
    image._raw_content = b"short"
    return infer(client, image)


@check
def bad_bytes_elements(client: Client) -> object:
    image = files(BLACK)
    image._raw_content = b"\xff\xff\xff\x7fabc"
    return infer(client, image)


@check
def bad_output_name(client: Client) -> object:
    return infer(client, files(BLACK), outputs=asked("boxes", "masks"))


@check
def output_of_the_other_form(client: Client) -> object:
    return infer(client, files(BLACK), outputs=asked("batch_splits"))


@check
def classification(client: Client) -> object:
    output = triton.InferRequestedOutput("scores", class_count=3)
    return infer(client, files(BLACK), outputs=[output])


@check
def shared_memory(client: Client) -> object:
    image = files(BLACK)
    image.set_shared_memory("region", 100)
    return infer(client, image)


@check
def bad_parameter_name(client: Client) -> object:
    return infer(client, files(BLACK), parameters={"score_treshold": 0.5})


@check
def bad_parameter_type(client: Client) -> object:
    return infer(client, files(BLACK), parameters={"max_detections": "many"})


@check
def bad_form(client: Client) -> object:
    return infer(client, files(BLACK), parameters={"output_form": "jagged"})


@check
def unknown_class(client: Client) -> object:
    return infer(client, files(BLACK), parameters={"classes": "rde"})


@check
def broken_file(client: Client) -> object:
    return infer(client, tensor("image", np.array([png(BLACK), b"no image"], np.object_)))


@check
def too_many_images(client: Client) -> object:
    return infer(client, files(*[BLACK] * 9))


@check
def no_images_at_all(client: Client) -> object:
    return infer(client, tensor("image", np.zeros((0, 8, 8, 3), np.uint8)))


@check
def too_little_time(client: Client) -> object:
    return infer(client, files(BLACK), timeout=1)


@check
def proposals_where_none_are_needed(client: Client) -> object:
    boxes = tensor("proposals", np.zeros((1, 1, 4), np.float32))
    return told(client.infer("bright", [files(BLACK), boxes]))

"""How tritonclient is asked, and how what it was told is put as JSON."""

from collections.abc import Callable
from typing import Any, TypeAlias

import cv2
import numpy as np
import tritonclient.grpc as triton
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException

Client: TypeAlias = Any
"""tritonclient ships no types."""
Check: TypeAlias = Callable[[Client], object]
CHECKS: dict[str, Check] = {}
"""Each is asked in turn; what it returns, or the status that it ends with, is printed."""
DATATYPES = {"object": "BYTES", "uint8": "UINT8", "float32": "FP32"}


def check(ask: Check) -> Check:
    CHECKS[ask.__name__] = ask
    return ask


def two_areas() -> NDArray[np.uint8]:
    """Red, and less bright green."""
    image = np.zeros((64, 96, 3), np.uint8)
    image[20:40, 60:90, 0] = 255
    image[50:64, 0:10, 1] = 204
    return image


def png(image: NDArray[np.uint8]) -> bytes:
    encoded: bytes = cv2.imencode(".png", image[..., ::-1])[1].tobytes()
    return encoded


RED_AND_GREEN = two_areas()
BLACK = np.zeros((37, 41, 3), np.uint8)


def tensor(name: str, array: NDArray[Any]) -> Any:
    its = triton.InferInput(name, array.shape, DATATYPES[array.dtype.name])
    its.set_data_from_numpy(array)
    return its


def files(*images: NDArray[np.uint8]) -> Any:
    return tensor("image", np.array([png(image) for image in images], np.object_))


def told(result: Any) -> dict[str, Any]:
    """Return the outputs of an answer, in the order that they came."""
    return {
        output.name: {
            "datatype": output.datatype,
            "shape": list(output.shape),
            "values": text(result.as_numpy(output.name).tolist()),
        }
        for output in result.get_response().outputs
    }


def text(value: Any) -> Any:
    if isinstance(value, list):
        return [text(each) for each in value]
    return value.decode() if isinstance(value, bytes) else value


def infer(client: Client, image: Any, model: str = "bright", **options: Any) -> dict[str, Any]:
    return told(client.infer(model, [image], **options))


def asked(*names: str) -> list[Any]:
    return [triton.InferRequestedOutput(name) for name in names]


def outcome(ask: Callable[[], object]) -> object:
    """Return what is told, or the status in its place."""
    try:
        return ask()
    except InferenceServerException as error:
        status = error.status() or ""
        return {"status": status.removeprefix("StatusCode."), "message": error.message()}

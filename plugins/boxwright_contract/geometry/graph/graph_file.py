"""ONNX files on disk -> graphs."""

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from boxwright_contract.errors import BadInput


def load(file: Path) -> onnx.ModelProto:
    """Return the graph in `file`, without the weights that it keeps in other files.

    Raises:
        BadInput: It cannot be read, or is no ONNX file.
    """
    try:
        model = onnx.load(file, load_external_data=False)
    except OSError as error:
        raise BadInput(
            f"'{file}' cannot be read: {error.strerror}. Check the path and its permissions."
        ) from error
    except DecodeError as error:
        raise BadInput(f"'{file}' is no ONNX file. Give one that was exported.") from error
    if not model.graph.node and not model.graph.output:
        raise BadInput(f"'{file}' holds no graph. Give an ONNX file that was exported.")
    return model

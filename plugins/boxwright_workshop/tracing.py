"""Torch modules to ONNX models, by torch's own exporter."""

import warnings
from collections.abc import Sequence
from typing import Any

import onnx
import torch
from torch import Tensor, nn

OPSET = 20


def traced(
    module: nn.Module,
    example: tuple[Tensor, ...],
    inputs: Sequence[str],
    outputs: Sequence[str],
    dynamic_shapes: tuple[dict[int, Any], ...],
) -> onnx.ModelProto:
    """Return `module` as an ONNX model.

    Args:
        module: In eval mode, on the CPU; it returns a tensor or a tuple of tensors.
        example: What it takes.
        inputs: Their names.
        outputs: Names of what it returns.
        dynamic_shapes: For each input, which axes are free, as `torch.export` writes it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about its own insides
        program = torch.onnx.export(
            module,
            example,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=dynamic_shapes,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return program.model_proto

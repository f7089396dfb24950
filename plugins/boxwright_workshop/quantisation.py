"""A graph in int8: weights and activations of the dense part, calibrated on photos.

Convolutions and large products of matrices with parameters become int8; each output channel has a
scale of its own, and each activation that of the largest value it took on the photos. The rest,
from decoding boxes to suppression, stays float32.

Source: Jacob et al. 2018 (arXiv:1712.05877), post-training, with static ranges.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

from boxwright_contract.errors import BadSettings

Feeds = Mapping[str, NDArray[Any]]

PRODUCTS = ("Gemm", "MatMul")
ACTIVATIONS = ("Clip", "Relu")
LEAST_PARAMETERS = 1 << 14
"""Of a product of matrices that is worth it."""


def quantise(
    graph: Path, photos: Iterable[Feeds], target: Path, report: Callable[[int], None]
) -> None:
    """Write `graph` in int8 to `target`.

    Args:
        graph: What to quantise.
        photos: What the graph is fed for each of the photos that set the ranges.
        target: The file to write.
        report: Told how many photos were looked at.

    Raises:
        BadSettings: The graph has nothing that is worth it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "plain.onnx"
        model = onnx.load(graph)
        fold_casts(model)
        add_pre_process_metadata(model)
        nodes = quantised_nodes(model)
        if not nodes:
            raise BadSettings(
                f"{graph} has no convolution and no product with {LEAST_PARAMETERS} parameters, "
                "so int8 gains nothing. Leave out --calibration."
            )
        onnx.save(model, plain)
        quantize_static(
            plain,
            target,
            _Reader(photos, report),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=sorted({node.op_type for node in nodes}),
            nodes_to_quantize=[node.name for node in nodes],
        )


def quantised_nodes(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Return the nodes that do most of the arithmetic of a graph, and the activations after them.

    Of an activation that is quantised with what it follows nothing is left but the range.
    """
    sizes = {tensor.name: int(np.prod(tensor.dims)) for tensor in model.graph.initializer}
    dense = [
        node
        for node in model.graph.node
        if node.op_type == "Conv"
        or (node.op_type in PRODUCTS and sizes.get(node.input[1], 0) >= LEAST_PARAMETERS)
    ]
    given = Counter(name for node in model.graph.node for name in node.input)
    alone = {node.output[0] for node in dense if given[node.output[0]] == 1}
    after = [
        node for node in model.graph.node if node.op_type in ACTIVATIONS and node.input[0] in alone
    ]
    return dense + after


def fold_casts(model: onnx.ModelProto) -> None:
    """Store parameters that the graph casts before their use as what they are cast to."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    kept = []
    for node in model.graph.node:
        if node.op_type == "Cast" and node.input[0] in stored:
            tensor = stored[node.input[0]]
            to = onnx.helper.tensor_dtype_to_np_dtype(node.attribute[0].i)
            values = numpy_helper.to_array(tensor).astype(to)
            tensor.CopyFrom(numpy_helper.from_array(values, node.output[0]))
        else:
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)


class _Reader(CalibrationDataReader):
    """Hands feeds over one by one, as ONNX Runtime asks for them."""

    def __init__(self, feeds: Iterable[Feeds], report: Callable[[int], None]) -> None:
        self._feeds = enumerate(feeds)
        self._report = report

    def get_next(self) -> Feeds | None:
        """Return the next feeds; None: there are no more."""
        done, fed = next(self._feeds, (None, None))
        if done is not None:
            self._report(done + 1)
        return fed

"""The graph of a detector in files, one or two, and ONNX Runtime over them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from torch import nn

from boxwright_contract.card import CONCLUSION_FILE, GRAPH_FILE, ChunkRecord, Precision
from boxwright_contract.chunks import run_in_chunks
from boxwright_contract.parts import Detector
from boxwright_workshop.graph_file import export_graph
from boxwright_workshop.graph_form import conclusion_form, first_form

Arrays = list[NDArray[Any]]

FEW_AT_A_TIME = 4
"""Few enough that a handful of proposals is one chunk, or several, or fills its chunks."""


class Session(Protocol):
    """What answers as ONNX Runtime's sessions do."""

    def run(self, names: Sequence[str], feeds: Mapping[str, NDArray[Any]]) -> Arrays:
        """Return the outputs of those names."""
        ...


class ChunkedSession:
    """Two graphs as one: that of regions, on some proposals at a time, then the conclusion."""

    def __init__(self, regions: Session, conclusion: Session, most: int) -> None:
        self.regions = regions
        self.conclusion = conclusion
        self.most = most

    def run(self, names: Sequence[str], feeds: Mapping[str, NDArray[Any]]) -> Arrays:
        """Return the outputs of those names."""
        found = run_in_chunks(
            lambda some: self.regions.run(["regions"], some),
            lambda every: self.conclusion.run(names, every),
            feeds,
            self.most,
            lambda: None,
        )
        return list(found)


@dataclass(frozen=True)
class Graphs:
    """What `export_graphs` wrote."""

    folder: Path
    most: int | None = None
    """Proposals that the first graph is given at a time. None: there is one graph."""

    @property
    def first(self) -> Path:
        """The graph that is given the images."""
        return self.folder / GRAPH_FILE

    @property
    def last(self) -> Path:
        """The graph that gives the detections."""
        return self.first if self.most is None else self.folder / CONCLUSION_FILE

    @property
    def most_detections(self) -> int:
        """D, the rows of an answer."""
        return _size(self.last, "boxes", 1)

    @property
    def chunk(self) -> ChunkRecord | None:
        """What a card tells of the two; None where there is one."""
        if self.most is None:
            return None
        numbers = _size(self.first, "regions", 2)
        return ChunkRecord(most=self.most, numbers=numbers, conclusion_sha256=sha256_of(self.last))

    def few_at_a_time(self) -> "Graphs":
        """Return the same graphs, the first of which is given few proposals at a time."""
        return replace(self, most=self.most and min(self.most, FEW_AT_A_TIME))

    def opened(self, options: ort.SessionOptions | None = None) -> Session:
        """Return a session over them, on the CPU."""
        first = _opened(self.first, options)
        if self.most is None:
            return first
        return ChunkedSession(first, _opened(self.last, options), self.most)


def sha256_of(graph: Path) -> str:
    """Return the digest of a file, 64 hexadecimal digits."""
    return hashlib.sha256(graph.read_bytes()).hexdigest()


def _size(graph: Path, output: str, axis: int) -> int:
    """Return the size of an axis of an output."""
    [value] = [each for each in onnx.load(graph).graph.output if each.name == output]
    return int(value.type.tensor_type.shape.dim[axis].dim_value)


def _opened(graph: Path, options: ort.SessionOptions | None) -> ort.InferenceSession:
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def export_graphs(
    detector: Detector,
    net: nn.Module,
    options: Any,  # noqa: ANN401 - the detector's own
    folder: Path,
    divisor: int,
    precision: Precision = "float32",
) -> Graphs:
    """Write the graph of `net` to `folder`, and the conclusion where proposals come in chunks.

    Args:
        detector: Whose network it is.
        net: In eval mode, on the CPU.
        options: That it was built with.
        folder: Where the files go.
        divisor: Canvas sides are multiples of it.
        precision: Of the stored parameters. For float16 they must have been rounded before.

    Raises:
        BadPlugin: A graph is bound to one size or holds an operator that it may not hold.
    """
    graph = folder / GRAPH_FILE
    export_graph(detector.exportable(net), graph, first_form(detector, divisor), precision)
    if not detector.chunked:
        return Graphs(folder)
    form = conclusion_form(_size(graph, "regions", 2))
    export_graph(detector.chunked.conclusion(net), folder / CONCLUSION_FILE, form, precision)
    return Graphs(folder, detector.chunked.most(options))

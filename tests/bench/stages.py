"""How long each stage of a detector's graph takes, by the place of its nodes in the graph.

Features are what no region has a say in. Proposals are what only the pooled boxes need. Regions
are pooled, or warped, and looked at: up to the last layer with weights and the scores. Suppression
is the rest, with the decoding of boxes. ONNX Runtime's profiler times the nodes of the graph as it
optimised it, which is saved first and then run as it is, so that the names are the same.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import onnx
import onnxruntime as ort
from numpy.typing import NDArray

Stage = Literal["features", "proposals", "regions", "suppression"]
Feeds = Mapping[str, NDArray[Any]]

POOLINGS = {"MaxRoiPool", "RoiAlign"}
LAYERS = {"Conv", "FusedConv", "FusedGemm", "FusedMatMul", "Gemm", "MatMul"}
PROPOSALS = {"proposals", "proposal_count"}


@dataclass(frozen=True)
class _Ties:
    """Which nodes come before and after which, by name."""

    makers: dict[str, str]
    """Value -> the node that makes it."""
    needs: dict[str, set[str]]
    """Node -> nodes whose values it takes."""
    takes: dict[str, set[str]]
    """Node -> values that it takes."""

    @classmethod
    def of(cls, nodes: Iterable[onnx.NodeProto]) -> "_Ties":
        makers: dict[str, str] = {}
        needs: dict[str, set[str]] = {}
        takes: dict[str, set[str]] = {}
        for node in nodes:  # sorted, makers first
            takes[node.name] = {*node.input}
            needs[node.name] = {makers[value] for value in node.input if value in makers}
            makers |= dict.fromkeys(node.output, node.name)
        return cls(makers, needs, takes)

    def before(self, values: Iterable[str]) -> set[str]:
        """Return the nodes without which `values` cannot be made."""
        waiting = [self.makers[value] for value in values if value in self.makers]
        found: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.needs[name]
        return found

    def after(self, values: set[str], nodes: set[str]) -> set[str]:
        """Return `nodes`, what takes `values`, and all that follows."""
        found = set(nodes)
        for name, needs in self.needs.items():
            if needs & found or self.takes[name] & values:
                found.add(name)
        return found


def stages(graph: onnx.GraphProto) -> dict[str, Stage]:
    """Return the stage of each node of a detector's first or only graph, by name."""
    ties = _Ties.of(graph.node)
    given = PROPOSALS & {value.name for value in graph.input}
    poolings = [node for node in graph.node if node.op_type in POOLINGS]
    if not poolings:
        moved = ties.after(given, set())
        return {name: "regions" if name in moved else "features" for name in ties.needs}
    features = ties.before(node.input[0] for node in poolings)
    boxes = ties.before(value for node in poolings for value in node.input[1:]) - features
    pooled = ties.after(set(), {node.name for node in poolings})
    weights = {weight.name for weight in graph.initializer}
    ends = [
        node
        for node in graph.node
        if node.name in pooled
        and (node.op_type == "Softmax" or (node.op_type in LAYERS and weights & {*node.input[1:2]}))
    ]
    seen = ties.before(value for node in ends for value in node.output)
    found: dict[str, Stage] = dict.fromkeys(ties.needs, "suppression")
    found |= dict.fromkeys(seen, "regions")
    found |= dict.fromkeys(boxes, "regions" if given else "proposals")
    return found | dict.fromkeys(features, "features")


class ProfiledGraph:
    """A graph in ONNX Runtime, whose nodes are timed."""

    def __init__(self, graph: Path, threads: int, scratch: Path, only: Stage | None = None) -> None:
        """Load it; `only` is the stage of every node, where the place does not tell."""
        optimised = scratch / f"optimised-{graph.name}"
        writing = ort.SessionOptions()
        writing.log_severity_level = 3
        writing.optimized_model_filepath = str(optimised)
        ort.InferenceSession(str(graph), writing, providers=["CPUExecutionProvider"])
        model = onnx.load(optimised)
        for number, node in enumerate(model.graph.node):
            node.name = f"{number}"
        onnx.save(model, optimised)
        names = [node.name for node in model.graph.node]
        self.stages = stages(model.graph) if only is None else dict.fromkeys(names, only)
        reading = ort.SessionOptions()
        reading.log_severity_level = 3
        reading.intra_op_num_threads = threads
        reading.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        reading.enable_profiling = True
        reading.profile_file_prefix = str(scratch / graph.stem)
        self.session = ort.InferenceSession(
            str(optimised), reading, providers=["CPUExecutionProvider"]
        )

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        """Return the outputs in their order."""
        outputs: list[NDArray[Any]] = self.session.run(None, dict(feeds))
        return outputs

    def ms(self) -> Counter[Stage]:
        """Return the time in each stage since the start, and stop."""
        spent: Counter[Stage] = Counter()
        for event in json.loads(Path(self.session.end_profiling()).read_text()):
            name, _, kind = event["name"].rpartition("_kernel_time")
            if event.get("cat") == "Node" and not kind and name in self.stages:
                spent[self.stages[name]] += event["dur"] / 1e3
        return spent


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for optimised graphs and profiles."""
    return tempfile.TemporaryDirectory(prefix="boxwright-bench-")

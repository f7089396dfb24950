"""A graph that has been read: what makes what, and what a tensor depends on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import onnx
from onnx import inliner

from boxwright_contract.errors import BadInput, UnknownName
from boxwright_contract.geometry.graph.limits import MOST_NODES


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """The nodes of a model in the order that they run, and where every value comes from."""

    nodes: Sequence[onnx.NodeProto]
    made_by: Mapping[str, int]
    """From a value to the index of its node."""
    weights: Mapping[str, onnx.TensorProto]
    inputs: Mapping[str, onnx.TypeProto]
    outputs: tuple[str, ...]
    opsets: Mapping[str, int]

    @classmethod
    def read(cls, model: onnx.ModelProto) -> "Graph":
        """Return the graph of a model.

        Raises:
            BadInput: It is not one: a value is made twice, or there are too many nodes.
        """
        if model.functions:
            model = _inlined(model)
        graph = model.graph
        if len(graph.node) > MOST_NODES:
            raise BadInput(f"{len(graph.node)} nodes are over the limit of {MOST_NODES}.")
        weights = {tensor.name: tensor for tensor in graph.initializer}
        inputs = {each.name: each.type for each in graph.input if each.name not in weights}
        made_by: dict[str, int] = {}
        for index, node in enumerate(graph.node):
            for name in filter(None, node.output):
                if name in made_by or name in weights or name in inputs:
                    raise BadInput(
                        f"the value '{name}' is made twice, again by {label(node)}. "
                        "Check the file with onnx.checker."
                    )
                made_by[name] = index
        opsets = {"" if o.domain == "ai.onnx" else o.domain: o.version for o in model.opset_import}
        return cls(
            nodes=graph.node,
            made_by=made_by,
            weights=weights,
            inputs=inputs,
            outputs=tuple(output.name for output in graph.output),
            opsets={"": 1, **opsets},
        )

    def needed_for(self, tensors: Iterable[str]) -> list[int]:
        """Return the indices of the nodes that tensors depend on, in the order that they run.

        Raises:
            UnknownName: There is no such tensor.
            BadInput: A node needs what no earlier one makes, as in a cycle.
        """
        waiting = []
        for name in tensors:
            if name not in self.made_by and name not in self.inputs:
                raise UnknownName.among("tensor", name, (*self.outputs, *self.inputs))
            waiting += [self.made_by[name]] if name in self.made_by else []
        needed = set(waiting)
        while waiting:
            index = waiting.pop()
            for name in used_by(self.nodes[index]):
                maker = self.made_by.get(name)
                if maker is None and (name in self.weights or name in self.inputs):
                    continue
                if maker is None or maker >= index:
                    raise BadInput(
                        f"{label(self.nodes[index])} needs '{name}', which no earlier node makes. "
                        "Check the file with onnx.checker."
                    )
                if maker not in needed:
                    needed.add(maker)
                    waiting.append(maker)
        return sorted(needed)


def used_by(node: onnx.NodeProto) -> Iterator[str]:
    """Yield the values that a node needs; those that its subgraphs take from outside too."""
    yield from filter(None, node.input)
    graphs = list(subgraphs(node))
    for graph in graphs:
        graphs += [inner for each in graph.node for inner in subgraphs(each)]
    inside = {name for graph in graphs for each in graph.node for name in each.output}
    inside |= {given.name for graph in graphs for given in graph.input}
    inside |= {tensor.name for graph in graphs for tensor in graph.initializer}
    for graph in graphs:
        for each in graph.node:
            yield from (name for name in each.input if name and name not in inside)
        yield from (made.name for made in graph.output if made.name not in inside)


def subgraphs(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    """Return the graphs that a node holds, as those of If and Loop do."""
    return [
        graph
        for attribute in node.attribute
        for graph in (*([attribute.g] if attribute.HasField("g") else ()), *attribute.graphs)
    ]


def name_of(node: onnx.NodeProto) -> str:
    """Return what a node is called, or what it makes where it has no name."""
    return node.name or f"{node.op_type} -> {next(iter(node.output), 'nothing')}"


def label(node: onnx.NodeProto) -> str:
    """Return a node's name and operator for a message."""
    domain = f"{node.domain}." if node.domain not in ("", "ai.onnx") else ""
    if node.name:
        return f"node '{node.name}' ({domain}{node.op_type})"
    return f"the node {domain}{node.op_type} that makes '{next(iter(node.output), '')}'"


def _inlined(model: onnx.ModelProto) -> onnx.ModelProto:
    try:
        return inliner.inline_local_functions(model)
    except (RuntimeError, ValueError, TypeError) as error:
        raise BadInput(f"the functions of the model cannot be written out: {error}.") from error

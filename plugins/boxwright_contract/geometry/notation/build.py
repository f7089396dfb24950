"""From nodes to layers: repeats run, channels followed, limits kept."""

import difflib
from dataclasses import dataclass, replace

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.layers import Branches, Conv, ConvTranspose, Layer, Linear, Stack
from boxwright_contract.geometry.limits import LARGEST, MOST_LAYERS
from boxwright_contract.geometry.notation.grammar import (
    JOINS,
    BranchesNode,
    GroupNode,
    LayerNode,
    Node,
    nodes_of,
)
from boxwright_contract.geometry.notation.kinds import KINDS
from boxwright_contract.geometry.notation.options import arguments_of
from boxwright_contract.geometry.notation.words import Word


def parse(text: str, channels: int = 3) -> Stack:
    """Return the layers that `text` names.

    Args:
        text: In the notation of this package.
        channels: That come in. Layers that name no channels keep those that reach them.

    Raises:
        BadInput: The text is not in the notation, or makes more than a stack may have; the message
            quotes the word and its place. Whether the layers fit together is for `describe` to say.

    Example:
        >>> [layer.kernel for layer in parse("conv 7/2 p3, pool 2, conv 3x5 x2")]
        [7, 2, (3, 5), (3, 5)]
    """
    layers, _ = _Builder().stack(nodes_of(text), channels)
    return layers


@dataclass
class _Builder:
    """What was made so far, for its limit."""

    made: int = 0
    """Layers and branches, those inside branches counted."""

    def stack(self, nodes: tuple[Node, ...], channels: int) -> tuple[Stack, int]:
        """Return the layers of `nodes` on `channels`, and the channels that they make."""
        layers: list[Layer] = []
        for node in nodes:
            for _ in range(node.times):
                made, channels = self.once(node, channels)
                layers.extend(made)
        return tuple(layers), channels

    def once(self, node: Node, channels: int) -> tuple[Stack, int]:
        if isinstance(node, GroupNode):
            return self.stack(node.nodes, channels)
        if isinstance(node, LayerNode):
            made = _layers_of(node, channels)
            self.count(node.kind, sum(map(_extent, made)))
            for layer in made:
                channels = _channels_after(layer, channels)
        else:
            self.count(node.kind, 1 + len(node.branches))
            made, channels = self.branches(node, channels)
        if channels > LARGEST:
            raise BadInput(f"{node.kind} makes over {LARGEST} channels. Use fewer.")
        return made, channels

    def branches(self, node: BranchesNode, channels: int) -> tuple[Stack, int]:
        ends = [self.stack(branch, channels) for branch in node.branches]
        join = Branches(
            branches=tuple(stack for stack, _ in ends),
            join="add" if node.kind.text == "add" else "concat",
            name=node.name,
        )
        counts = [count for _, count in ends]
        return (join,), counts[0] if join.join == "add" else sum(counts)

    def count(self, kind: Word, layers: int) -> None:
        self.made += layers
        if self.made > MOST_LAYERS:
            raise BadInput(
                f"up to {kind} there are over {MOST_LAYERS:,} layers and branches. "
                "Repeat less, or send the stack in parts."
            )


def _layers_of(node: LayerNode, channels: int) -> Stack:
    kind = KINDS.get(node.kind.text)
    if kind is None:
        known = sorted([*KINDS, *JOINS])
        nearest = difflib.get_close_matches(node.kind.text[:32], known, n=1)
        hint = f" Did you mean '{nearest[0]}'?" if nearest else ""
        raise BadInput(f"{node.kind} is no layer.{hint} Known: {', '.join(known)}.")
    arguments = arguments_of(node, kind)
    if "c" in kind.numbers:
        arguments.setdefault("channels", channels)
    made = kind.make(*[channels] * kind.takes_channels_in, **arguments)
    if not isinstance(made, tuple):
        return (replace(made, name=node.name),)
    if node.name:
        raise BadInput(
            f"{node.kind} stands for {len(made)} layers, and a name goes on one. Leave it out."
        )
    return made


def _extent(layer: Layer) -> int:
    """Count the layer, its branches, and the layers inside."""
    if not isinstance(layer, Branches):
        return 1
    return 1 + sum(1 + sum(map(_extent, branch)) for branch in layer.branches)


def _channels_after(layer: Layer, channels: int) -> int:
    """Return what the layer makes of `channels`, if it accepts them."""
    match layer:
        case Conv() | ConvTranspose() | Linear():
            return layer.channels
        case Branches():
            ends = []
            for branch in layer.branches:
                end = channels
                for inner in branch:
                    end = _channels_after(inner, end)
                ends.append(end)
            return ends[0] if layer.join == "add" else sum(ends)
        case _:
            return channels

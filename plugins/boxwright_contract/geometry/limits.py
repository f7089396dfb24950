"""What a stack may be at most, so that every answer comes in milliseconds."""

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.layers import Branches, Stack

LARGEST = 2**63 - 1
"""Of every number that goes in or comes out: they travel as 64-bit integers."""
MOST_LAYERS = 1_024
"""Layers and branches of a stack, those inside branches counted."""
DEEPEST = 32
"""Branches inside branches."""
MOST_PHASES = 2_048
"""Of one receptive field on one axis."""
MOST_PHASES_IN_ALL = 8_192
"""Of all receptive fields of a stack that have more than one phase."""


def check_extent(stack: Stack) -> None:
    """Refuse a stack that has too many layers, or too many branches inside branches.

    Raises:
        BadInput: It is over `MOST_LAYERS` or `DEEPEST`.
    """
    found = 0
    waiting = [(stack, 0)]
    while waiting:
        layers, depth = waiting.pop()
        if depth > DEEPEST:
            raise BadInput(f"branches are nested over {DEEPEST} deep. Nest them less.")
        inner = [layer.branches for layer in layers if isinstance(layer, Branches)]
        found += len(layers) + sum(len(branches) for branches in inner)
        if found > MOST_LAYERS:
            raise BadInput(
                f"the stack has over {MOST_LAYERS:,} layers and branches. Send it in parts."
            )
        waiting.extend((branch, depth + 1) for branches in inner for branch in branches)

"""What the feature maps of an installed backbone see, found out and not declared."""

from math import lcm

from boxwright_contract.catalog import Catalog
from boxwright_contract.geometry.field import Field
from boxwright_workshop.feature_graph import measured_fields


def measure(name: str) -> dict[str, Field]:
    """Return the field of each level of a backbone.

    Raises:
        UnknownName: No backbone of that name is installed.
        BadPlugin: It holds an operator that the analysis does not know.
    """
    backbone = Catalog.installed().backbone(name)
    levels = [level.name for level in backbone.levels]
    divisor = lcm(*(level.stride for level in backbone.levels))
    return measured_fields(backbone.build(), levels, divisor)

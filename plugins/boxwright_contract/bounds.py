"""Bounds of what can be told, declared once, with the field: `head_channels: Count = 1024`.

A recipe's fields have them, and the options of a detector may. Any `msgspec.Meta` will do.
"""

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, get_type_hints

import msgspec

from boxwright_contract.errors import BadSettings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Count = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
ShareAbove0 = Annotated[float, msgspec.Meta(gt=0, le=1)]
Above0 = Annotated[float, msgspec.Meta(gt=0)]
AtLeast0 = Annotated[float, msgspec.Meta(ge=0)]


def check_bounds(options: "DataclassInstance") -> None:
    """Refuse a value that its field does not allow; for a dataclass's `__post_init__`.

    Args:
        options: Each field is compared with its type and the bounds that are declared with it.

    Raises:
        BadSettings: Naming the field, its value and what is allowed.
    """
    hints = get_type_hints(type(options), include_extras=True)
    for each in fields(options):
        value = getattr(options, each.name)
        try:
            msgspec.convert(value, hints[each.name])
        except msgspec.ValidationError as error:
            raise BadSettings(f"{each.name} is {value}: {error}. Change it.") from error

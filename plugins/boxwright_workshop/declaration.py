"""Feature levels as a plugin declares them: Python to paste."""

import json
from collections.abc import Iterable, Sequence

from boxwright_contract.geometry.field import AxisField, Field
from boxwright_contract.parts import Level

IMPORTS = (
    "from boxwright_contract.geometry.field import AxisField, Field",
    "from boxwright_contract.parts import Level",
)
WIDTH = 100
"""Characters of a line, where it can be broken."""
INDENT = "    "


def declaration(levels: Iterable[Level]) -> str:
    """Return the import lines and a tuple `LEVELS`, with what each level sees."""
    rows = (f"{INDENT}{_level(level)}," for level in levels)
    return "\n".join([*IMPORTS, "", "LEVELS = (", *rows, ")"])


def written(field: Field) -> str:
    """Return a field as Python, on one line."""
    return f"Field({', '.join(_arguments(field))})"


def _level(level: Level) -> str:
    """Return a level as Python, indented once; broken into lines where it is too long for one."""
    known = (json.dumps(level.name), f"channels={level.channels}", f"stride={level.stride}")
    if level.field is None:
        return f"Level({', '.join(known)})"
    line = f"Level({', '.join(known)}, field={written(level.field)})"
    if len(INDENT) + len(line) < WIDTH:
        return line
    field = f"field={written(level.field)}"
    if len(2 * INDENT) + len(field) >= WIDTH:
        field = _call("field=Field", _arguments(level.field, depth=3), depth=2)
    return _call("Level", (*known, field), depth=1)


def _call(function: str, arguments: Iterable[str], depth: int) -> str:
    """Return a call with an argument a line, indented `depth` times."""
    lines = [f"{INDENT * (depth + 1)}{argument}," for argument in arguments]
    return "\n".join([f"{function}(", *lines, f"{INDENT * depth})"])


def _arguments(field: Field, depth: int = 0) -> list[str]:
    """Return what `Field` is called with; long tuples are broken where there is a `depth`."""
    first = field.axes[0]
    if all(axis == first for axis in field.axes):
        axes = f"({_axis(first)},) * {len(field.axes)}"
    else:
        axes = f"({', '.join(map(_axis, field.axes))})"
    arguments = [f"axes={axes}"]
    if field.whole_through:
        arguments.append(_through(field.whole_through, depth))
    if not field.exact_at_border:
        arguments.append("exact_at_border=False")
    return arguments


def _through(names: Sequence[str], depth: int) -> str:
    quoted = [json.dumps(name) for name in names]
    line = f"whole_through=({', '.join(quoted)}{',' if len(quoted) == 1 else ''})"
    if not depth or len(INDENT * depth) + len(line) < WIDTH:
        return line
    return _call("whole_through=", quoted, depth)


def _axis(axis: AxisField | None) -> str:
    if axis is None:
        return "None"
    return f"AxisField({axis.period_px}, {axis.first_px}, {axis.last_px})"

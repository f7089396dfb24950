"""A value as TOML, which Python's library reads and does not write."""

import json
from collections.abc import Mapping

import msgspec


def toml(value: object) -> str:
    """Return a value as TOML has it after a =, on one line.

    Raises:
        ValueError: TOML has no such value: None, for one.

    Example:
        >>> print(toml({"sides": ((8, 16.5),), "flip": True}))
        {sides = [[8, 16.5]], flip = true}
    """
    try:
        return _plain(msgspec.to_builtins(value))
    except TypeError as error:
        raise ValueError(f"TOML has no {type(value).__name__}") from error


def _plain(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case int() | float():
            return repr(value)
        case list() | tuple():
            return f"[{', '.join(map(_plain, value))}]"
        case Mapping():
            pairs = (f"{_key(str(key))} = {_plain(each)}" for key, each in value.items())
            return f"{{{', '.join(pairs)}}}"
    raise ValueError(f"TOML has no {value!r}")


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else json.dumps(name, ensure_ascii=False)

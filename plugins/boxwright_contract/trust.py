"""Which distributions may bring plugins. What may not is listed, and never imported.

Installing a distribution is trusting it, so all may unless an operator says otherwise.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

VARIABLE = "BOXWRIGHT_PLUGINS_ALLOW"
OPTION = "--plugins-allow"
EVERY = "*"
BUILT_IN = "boxwright"
"""The distribution that is always trusted, and whose names no stranger can take."""


@dataclass(frozen=True)
class Trust:
    """The distributions that may bring plugins, besides the built-in one."""

    allowed: frozenset[str] | None = None
    """Names as `normalized` returns them. None: every distribution."""

    @classmethod
    def told(cls, text: str) -> Self:
        """Return the trust that `text` tells: names with commas between them, or `*` for every.

        Example:
            >>> Trust.told("Acme_Nets, zoo").allows("acme-nets")
            True
            >>> Trust.told("").allows("zoo")
            False
        """
        names = {name.strip() for name in text.split(",")} - {""}
        return cls(None if EVERY in names else frozenset(map(normalized, names)))

    @classmethod
    def of_environment(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Return the trust that the environment variable tells: every one where it is not set."""
        return cls.told(environ.get(VARIABLE, EVERY))

    def allows(self, distribution: str) -> bool:
        """Whether a distribution may bring plugins."""
        name = normalized(distribution)
        return self.allowed is None or name == BUILT_IN or name in self.allowed

    def refusal(self, distribution: str) -> str:
        """Return why it may not, and the cure."""
        among = ", ".join(sorted(self.allowed or ())) or "none but the built-in ones"
        return (
            f"{distribution} may not bring plugins, so it was not imported. Those that may: "
            f"{among}. Add it to {VARIABLE} ({OPTION}), or uninstall it."
        )


def normalized(distribution: str) -> str:
    """Return a distribution's name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()

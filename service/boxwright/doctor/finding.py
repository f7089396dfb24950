"""What a look at a machine found."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "warning", "problem"]
"""note: good to know; warning: it serves, not as it should; problem: it would not serve."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    concern: str
    level: Level
    what: str
    """What there is, or what is wrong."""
    cure: str = ""
    """What mends it. Empty: there is nothing to mend, or `what` tells it too."""


@dataclass(frozen=True)
class Concern:
    """What findings are about."""

    name: str

    def ok(self, what: str) -> Finding:
        """Return that all is well."""
        return Finding(self.name, "ok", what)

    def note(self, what: str, cure: str = "") -> Finding:
        """Return what is good to know."""
        return Finding(self.name, "note", what, cure)

    def warning(self, what: str, cure: str = "") -> Finding:
        """Return what lets it serve, but not as it should."""
        return Finding(self.name, "warning", what, cure)

    def problem(self, what: str, cure: str = "") -> Finding:
        """Return why it would not serve."""
        return Finding(self.name, "problem", what, cure)

"""A server that is told to stop: once, and it drains; twice, and it ends at once."""

import asyncio
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stop:
    """What a server was told of its end."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Finish what is inside, and end."""
    at_once: asyncio.Event = field(default_factory=asyncio.Event)
    """Wait for nothing more."""

    def tell(self) -> None:
        """Ask to stop; asked again, wait for nothing more."""
        if self.asked.is_set():
            self.at_once.set()
        self.asked.set()

"""Places for work, shared so that who keeps some for long leaves some to others."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class Places:
    """So many places. Who holds as many as are free gets no more until that changes.

    So the last one is for somebody who has none. Of those who may have one, the first in line is
    next; an older one who has its share already is passed over.

    Source:
        The dynamic threshold of Choudhury and Hahne (IEEE/ACM Transactions on Networking, 1998).
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._held: Counter[Hashable] = Counter()
        self._waiting: dict[asyncio.Future[None], Hashable] = {}
        """Who waits for each turn, oldest first. A turn leaves it when it is given a place."""

    @asynccontextmanager
    async def place_of(self, holder: Hashable) -> AsyncIterator[None]:
        """Wait for a place; it is the holder's until the block ends."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = holder
        self._fill()
        try:
            await turn
            yield
        finally:
            self._leave(turn, holder)

    def _leave(self, turn: asyncio.Future[None], holder: Hashable) -> None:
        if turn in self._waiting:
            del self._waiting[turn]
        else:
            self._hold(holder, -1)
            self._fill()

    def _fill(self) -> None:
        """Give places to those in line who may have one."""
        for turn, holder in list(self._waiting.items()):
            if self._held[holder] < self._free and not turn.cancelled():
                del self._waiting[turn]
                self._hold(holder, 1)
                turn.set_result(None)

    def _hold(self, holder: Hashable, change: int) -> None:
        self._free -= change
        self._held[holder] += change
        if not self._held[holder]:
            del self._held[holder]

"""How Boxwright stands beside the best of the peers."""

import statistics
from collections.abc import Iterable, Sequence

from tests.bench.peers.comparison import Row, Sizes
from tests.bench.peers.handlers.assignment import Execution
from tests.bench.peers.roster import BOXWRIGHT


def own_rate(rows: Sequence[Row], execution: Execution, sizes: Sizes) -> float:
    """Return the best rate of Boxwright, the mean where it was measured twice; 0 if never."""
    rates = [
        row.rate(sizes)
        for row in rows
        if row.server is BOXWRIGHT and row.execution == execution and row.cells
    ]
    return statistics.mean(rates) if rates else 0


def best_peer(rows: Sequence[Row], executions: Iterable[Execution], sizes: Sizes) -> Row | None:
    """Return the peer with the best rate, if any was measured."""
    peers = [
        row
        for row in rows
        if row.server is not BOXWRIGHT and row.execution in executions and row.rate(sizes)
    ]
    return max(peers, key=lambda row: row.rate(sizes), default=None)

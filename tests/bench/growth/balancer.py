"""Who gets the next call."""

from collections import Counter
from collections.abc import Sequence
from random import Random

from tests.bench.growth.scenario import Policy
from tests.bench.growth.simulated_server import Server


class Balancer:
    """Chooses a server for each call, from what it knows: the calls that it gave out itself."""

    def __init__(self, policy: Policy, servers: Sequence[Server], random: Random) -> None:
        self._policy, self._servers, self._random = policy, servers, random
        self._open: Counter[Server] = Counter()
        self._turn = random.randrange(len(servers))

    def choose(self) -> Server | None:
        """Return the server of the next call; None: there is none."""
        listed = [server for server in self._servers if server.listed]
        if not listed:
            return None
        match self._policy:
            case "round robin":
                self._turn += 1
                return listed[self._turn % len(listed)]
            case "least request":
                fewest = min(self._open[server] for server in listed)
                return self._random.choice([one for one in listed if self._open[one] == fewest])
            case "two choices":
                both = self._random.sample(listed, min(2, len(listed)))
                return min(both, key=self._open.__getitem__)

    def began(self, server: Server) -> None:
        """Note a call that was given out."""
        self._open[server] += 1

    def ended(self, server: Server) -> None:
        """Note that it is over."""
        self._open[server] -= 1

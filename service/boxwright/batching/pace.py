"""How fast requests come."""

SMOOTHING = 0.2
"""Weight of the newest gap in the mean of them."""


class Pace:
    """The mean time from one request to the next, the newest counting most."""

    def __init__(self) -> None:
        self._last_s: float | None = None
        self.gap_s = float("inf")

    def came(self, now_s: float) -> None:
        """Note a request."""
        if self._last_s is not None:
            gap_s = now_s - self._last_s
            known = self.gap_s != float("inf")
            self.gap_s = self.gap_s + SMOOTHING * (gap_s - self.gap_s) if known else gap_s
        self._last_s = now_s

"""A backbone under a neck, as one module."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from boxwright_contract.parts import Level


class Necked(nn.Module):
    """`body`, which a backbone has built, and `neck`, which stands on some of its levels."""

    def __init__(
        self,
        body: nn.Module,
        neck: nn.Module,
        below: Sequence[Level],
        channels: int,
        extra: str = "",
    ) -> None:
        """Put `neck` on the levels `below` of `body`.

        Args:
            body: Maps (N, 3, H, W) to levels by name.
            neck: Maps levels by name to its own.
            below: The levels that the neck takes.
            channels: Of each level that the neck makes.
            extra: The name of a further level. Empty: there is none.
        """
        super().__init__()
        self.below = [level.name for level in below]
        self.out_channels = channels
        self.extra = extra
        self.body = body
        self.neck = neck

    def forward(self, x: Tensor) -> "OrderedDict[str, Tensor]":
        """Map (N, 3, H, W) to the neck's levels, finest first.

        The extra level comes last. It is every second cell of the coarsest.

        Source: Lin et al. 2017 (arXiv:1612.03144), section 4.1.
        """
        levels = self.body(x)
        maps: OrderedDict[str, Tensor] = self.neck(
            OrderedDict((name, levels[name]) for name in self.below)
        )
        if self.extra:
            coarsest = next(reversed(maps.values()))
            maps[self.extra] = functional.max_pool2d(coarsest, kernel_size=1, stride=2)
        return maps

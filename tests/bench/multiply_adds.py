"""What the papers' networks compute, counted."""

from dataclasses import dataclass

HEIGHT, WIDTH = 600, 1000
PROPOSALS = 2000
VGG_16 = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
"""Convolutions and channels of its stages, each of which halves the sides of the one before."""
HIDDEN = 4096
"""Channels of the two fully connected layers."""
RANKS = (1024, 256)
"""Singular values that are kept of each, where they are cut."""


@dataclass(frozen=True)
class MultiplyAdds:
    """Of the convolutions and fully connected layers, for one image."""

    crop: float
    """The convolutions on one region of 224 x 224 px."""
    features: float
    """The convolutions on the whole image."""
    region_head: float
    """The fully connected layers on one region."""
    low_head: float
    """The same, with truncated SVD."""

    @classmethod
    def of_vgg_16(cls) -> "MultiplyAdds":
        cells, inputs, outputs = 0.0, 3, 0
        for stage, (convolutions, channels) in enumerate(VGG_16):
            for _ in range(convolutions):
                cells += 9 * inputs * channels / 4**stage
                inputs = outputs = channels
        pooled, (first, second) = outputs * 7 * 7, RANKS
        return cls(
            crop=cells * 224 * 224,
            features=cells * HEIGHT * WIDTH,
            region_head=pooled * HIDDEN + HIDDEN * HIDDEN,
            low_head=(pooled + HIDDEN) * first + 2 * HIDDEN * second,
        )

    @property
    def rcnn(self) -> float:
        return PROPOSALS * (self.crop + self.region_head)

    @property
    def svd(self) -> float:
        return self.features + PROPOSALS * self.low_head

    def fast(self, regions: int) -> float:
        return self.features + regions * self.region_head

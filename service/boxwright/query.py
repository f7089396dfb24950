"""What a caller asks."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from boxwright.deadline import Deadline


@dataclass(frozen=True)
class Encoded:
    """A whole image file."""

    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Raw:
    """Pixels that are already decoded and upright."""

    height_px: int
    width_px: int
    rgb: bytes = field(repr=False)
    """height_px * width_px * 3 bytes: rows from the top, each pixel red, green, blue."""


@dataclass(frozen=True)
class FromSource:
    """Proposals of an installed proposal source."""

    name: str


@dataclass(frozen=True)
class FromModel:
    """Proposals that are what another served model finds."""

    name: str


@dataclass(frozen=True)
class Boxes:
    """Proposals that the caller knows, best first."""

    edges_px: Sequence[float] = field(repr=False)
    """Four numbers each: x1, y1, x2, y2 in pixels of the upright image. Not checked yet."""


@dataclass(frozen=True)
class ProposalsAsked:
    """Where a model that needs proposals is to get them."""

    given_by: FromSource | FromModel | Boxes | None
    """None: as the model's own rule says."""
    limit: int | None = None
    """None: the model's own."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """An image, and which of the objects in it are wanted."""

    image: Encoded | Raw
    model: str = ""
    """Empty: the only one."""
    version: str = ""
    """Empty: the newest."""
    min_score: float | None = None
    """None: the model's default."""
    max_detections: int | None = None
    """None: as many as the model can."""
    classes: tuple[str, ...] = ()
    """Empty: all."""
    with_origins: bool = False
    """Whether to tell which cell each detection comes from, and what it sees."""
    proposals: ProposalsAsked | None = None
    """None: as the model's own rule says."""
    mates: int = 0
    """Images of the same request that came before this one."""
    deadline: Deadline = field(default_factory=Deadline)

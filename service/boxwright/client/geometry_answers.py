"""What a server answers about shapes and receptive fields, as plain frozen values."""

from dataclasses import dataclass

from boxwright_contract.geometry.field import AxisField, EffectiveField, Field
from boxwright_contract.geometry.regions import Edges
from boxwright_contract.geometry.shape import Shape


@dataclass(frozen=True, kw_only=True)
class LayerDescription:
    """What one layer makes, and what it costs for one input."""

    index: str
    """Where it stands: "3", or "3.1.2" inside branches. Empty: the total."""
    name: str
    layer: str
    """What it is, in the notation. Empty: the total."""
    output: Shape
    parameters: int
    """Trained numbers."""
    parameters_without_bias: int
    multiply_accumulates: int
    activation_bytes: int
    """Of the output, as float32."""
    field: tuple[AxisField | None, ...]
    """From the stack's input to the output, for each axis. None: every cell sees the whole axis."""


@dataclass(frozen=True, kw_only=True)
class LayersDescription:
    """A stack, layer by layer."""

    layers: tuple[LayerDescription, ...]
    total: LayerDescription
    """The sums; output and field are those of the last layer."""
    notation: str
    """The whole stack."""
    smallest_input: tuple[int, ...]
    """The smallest sides at which every layer still has something to see; empty: not found."""


@dataclass(frozen=True, kw_only=True)
class LevelGeometry:
    """One feature map, and what its cells see of the canvas."""

    name: str
    channels: int
    stride_px: int
    cells: tuple[int, int] | None
    """Rows and columns at the size that was named. None: none was."""
    field: Field | None
    """None: not known."""
    effective_field: EffectiveField | None
    """None: not measured."""
    anchors_px: tuple[Edges, ...]
    """From the cell's own corner."""


@dataclass(frozen=True, kw_only=True)
class BackboneGeometry:
    """The feature maps of a backbone."""

    backbone: str
    levels: tuple[LevelGeometry, ...]
    """Finest first."""


@dataclass(frozen=True, kw_only=True)
class ModelGeometry:
    """The feature maps of a served model."""

    model: str
    version: str
    levels: tuple[LevelGeometry, ...]
    """Finest first; their pixels are those of the canvas."""
    resized_px: tuple[int, int] | None
    """Height and width of the image when it is resized. None: no image was named."""
    canvas_px: tuple[int, int] | None
    """What it is then padded to."""


@dataclass(frozen=True, kw_only=True)
class CellView:
    """What one cell sees, in pixels of the upright image."""

    y: int
    x: int
    region_px: Edges | None
    """Cut off at the image's borders. None: the cell lies over padding, and sees nothing of it."""
    whole_besides: bool
    """Whether gates or attention let it see the whole image besides."""
    effective_px: Edges | None
    """The box around the region's centre with 95 % of the gradient. None: not measured."""
    anchors_px: tuple[Edges, ...]
    """Not cut off."""


@dataclass(frozen=True, kw_only=True)
class CellViews:
    """What cells of one feature map see."""

    model: str
    version: str
    views: tuple[CellView, ...]
    """In the order in which they were asked for."""
    cells: tuple[int, int]
    """Rows and columns of the feature map."""


@dataclass(frozen=True, kw_only=True)
class CellRange:
    """Rows and columns, both ends included."""

    first_y: int
    last_y: int
    first_x: int
    last_x: int


@dataclass(frozen=True, kw_only=True)
class LevelCells:
    """The cells of one feature map that see a box."""

    level: str
    seeing: CellRange | None
    """At least a part of it. None: none does."""
    holding: CellRange | None
    """All of it. None: none does."""


@dataclass(frozen=True, kw_only=True)
class RegionCells:
    """The cells of a model that see a box."""

    model: str
    version: str
    levels: tuple[LevelCells, ...]
    """Finest first."""

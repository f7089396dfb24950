"""The card of a bundle: everything that a model is, beside its graph.

    models/<name>/<version>/model.onnx         the graph
    models/<name>/<version>/model.json         the card
    models/<name>/<version>/conclusion.onnx    a second graph, where proposals come in chunks
    models/<name>/<version>/model.int8.onnx    model.onnx in int8, where that is offered

Export writes it and the server reads it; it is the only thing the two share.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import msgspec

from boxwright_contract.errors import BadBundle
from boxwright_contract.geometry.field import EffectiveField, Field
from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import RegionLevel
from boxwright_contract.precision_record import PrecisionRecord
from boxwright_contract.proposal_rule import ProposalRule

FORMAT = 2
GRAPH_FILE = "model.onnx"
CONCLUSION_FILE = "conclusion.onnx"
CARD_FILE = "model.json"

Precision = Literal["float32", "float16"]


@dataclass(frozen=True, kw_only=True)
class PluginRecord:
    """Which plugin took part, from which distribution."""

    name: str
    distribution: str
    version: str


@dataclass(frozen=True, kw_only=True)
class ParityRecord:
    """How far the graph in ONNX Runtime was from torch, at export."""

    reference: str
    """What the graph was held against."""
    image_sizes: int
    """Distinct image sizes that were compared."""
    images: int
    """Images compared alone, and again in batches."""
    detections: int
    worst_box_px: float
    worst_score: float
    with_none: int = 0
    """Canvases without a detection, unused ones included."""
    with_one: int = 0
    """Images with exactly one detection."""
    near_ties: int = 0
    """Detections, alone or in a batch, that torch too has or lacks as its rounding goes."""


@dataclass(frozen=True, kw_only=True)
class AccuracyRecord:
    """Average precision by the COCO protocol."""

    dataset: str
    images: int
    ap: float
    """Mean over IoU 0.50 to 0.95, in 0..1."""
    ap50: float
    """At IoU 0.50, in 0..1."""


@dataclass(frozen=True, kw_only=True)
class WeightsRecord:
    """Where the parameters come from, and what may be done with them."""

    origin: str
    licence: str


@dataclass(frozen=True, kw_only=True)
class LevelRecord:
    """One feature map of the model, and what its cells see of the canvas."""

    level: RegionLevel
    field: Field | None
    """Measured on the exported network, at export. None: it could not be, see `field_unknown`."""
    field_unknown: str = ""
    """Why there is no field."""
    effective_field: EffectiveField | None = None
    """Measured with the model's weights, where there were photos to measure on."""


@dataclass(frozen=True, kw_only=True)
class ChunkRecord:
    """How proposals are looked at some at a time: `boxwright_contract.chunks` runs it."""

    most: int
    """Proposals of an image in one run of the graph."""
    numbers: int
    """F: what the graph gives for each proposal."""
    conclusion_sha256: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """Everything about a model but its graph."""

    format: int = FORMAT
    detector: PluginRecord
    options: dict[str, Any] = field(default_factory=dict)
    """Of the detector, those that are not its defaults."""
    backbone: PluginRecord
    classes: tuple[str, ...]
    """Label i of the graph is `classes[i]`."""
    input: InputRule
    needs_proposals: bool = False
    proposals: ProposalRule | None = None
    """Where they come from, unless a request says otherwise."""
    chunk: ChunkRecord | None = None
    most_detections: int
    """D, the rows that the graph returns for each image."""
    min_score: float
    """Detections under it are left out unless the request asks for more; in 0..1."""
    levels: tuple[LevelRecord, ...]
    """Finest first."""
    precision: Precision = "float32"
    """Of the stored parameters; that of the arithmetic is the server's choice."""
    precisions: tuple[PrecisionRecord, ...] = ()
    """What was measured of other precisions of the arithmetic than float32."""
    weights: WeightsRecord
    parity: ParityRecord
    accuracy: tuple[AccuracyRecord, ...] = ()
    made_with: dict[str, str]
    """Package -> version, of what exported it."""
    made_by: str = ""
    """The commands that make this bundle again."""
    graph_sha256: str


@dataclass(frozen=True)
class _Format:
    """What a card of any format tells."""

    format: int


def encode(card: Card) -> bytes:
    """Return the card as JSON, indented for people."""
    whole = msgspec.json.encode(asdict(card))  # msgspec leaves out defaults that it filled in
    return msgspec.json.format(whole, indent=2) + b"\n"


def decode(text: bytes, where: str) -> Card:
    """Return the card in `text`; `where` names it in errors.

    Raises:
        BadBundle: The text is not a card of this format.
    """
    try:
        found = msgspec.json.decode(text, type=_Format).format
        if found != FORMAT:
            raise BadBundle(
                f"{where} has card format {found}; this Boxwright reads {FORMAT}. "
                "Export the model again, or install the Boxwright that made it."
            )
        return msgspec.json.decode(text, type=Card)
    except msgspec.DecodeError as error:
        raise BadBundle(f"{where} is not a model card: {error}. Export the model again.") from error

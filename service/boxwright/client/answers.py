"""What a server answers, as plain frozen values."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """The cell that a detection comes from."""

    level: str
    """Name of its feature map."""
    cell: tuple[int, int]
    """Row and column, from 0."""
    region_px: tuple[float, float, float, float] | None
    """What it sees of the image: x_min, y_min, x_max, y_max in pixels. None: only padding.

    What gates let it see besides is left out.
    """


@dataclass(frozen=True)
class Detection:
    """One object that was found."""

    label: str
    """Name of the class."""
    score: float
    """0 to 1."""
    box_px: tuple[float, float, float, float]
    """x_min, y_min, x_max, y_max in pixels of the upright image; the maxima are exclusive edges."""
    class_index: int
    """Position of the class in the model's list of classes."""
    origin: Origin | None = None
    """None: it was not asked for, or the model needs proposals."""
    proposal: int | None = None
    """Position of the proposal that it came from. None: the model needs none."""


@dataclass(frozen=True)
class Times:
    """Where the time went, in the server."""

    decode_ms: float
    """Reading the header, decoding and turning the image upright."""
    resize_ms: float
    """Resizing to the model's canvas."""
    proposals_ms: float
    """Making the proposals, where they did not come with the request."""
    queue_ms: float
    """Waiting for a batch and for the runtime."""
    inference_ms: float
    """The batch in the runtime."""
    total_ms: float
    """From the request's arrival to the answer."""


@dataclass(frozen=True)
class Proposals:
    """The proposals that a model was given."""

    count: int
    given_by: str
    """The source or the model. Empty: the request."""
    boxes_px: tuple[tuple[float, float, float, float], ...] | None = None
    """x_min, y_min, x_max, y_max in pixels of the image. None: they were not asked for."""


@dataclass(frozen=True)
class Result:
    """What was found in one image, and by which model."""

    detections: tuple[Detection, ...]
    """Best first."""
    height_px: int
    """Of the image as it looks, after its EXIF orientation."""
    width_px: int
    model: str
    version: str
    times: Times
    proposals: Proposals | None = None
    """None: the model needs none."""

    def region_px(self, found: Detection) -> tuple[float, float, float, float] | None:
        """Return the part of the image that one of the detections comes from.

        That is what its cell sees, or its proposal. None: it was not asked for, or only padding.
        """
        if found.origin is not None:
            return found.origin.region_px
        boxes = None if self.proposals is None else self.proposals.boxes_px
        return None if boxes is None or found.proposal is None else boxes[found.proposal]


@dataclass(frozen=True)
class Level:
    """One feature map of a backbone."""

    name: str
    channels: int
    stride_px: int


@dataclass(frozen=True)
class Plugin:
    """One plugin that a server found."""

    kind: str
    """backbone, backbone family, neck, detector or proposal source.

    Empty where it is broken before it could tell.
    """
    name: str
    distribution: str
    distribution_version: str
    problem: str
    """Why it cannot be used, and the cure. Empty: it can."""
    source: str
    """The paper."""
    levels: tuple[Level, ...]
    """Of a backbone, finest first."""


@dataclass(frozen=True)
class ModelSummary:
    """One version of a model that a server has."""

    model: str
    version: str
    architecture: str
    """Detector and backbone, as in faster_rcnn+resnet50."""
    class_count: int
    problem: str
    """Why it is not served, and the cure. Empty: it is."""
    aliases: tuple[str, ...] = ()
    """Names that stand for this version, besides latest."""


@dataclass(frozen=True)
class ProposalRule:
    """How a model gets its proposals, unless a request says otherwise."""

    source: str
    """Name of a proposal source."""
    limit: int
    """The most proposals of an image."""
    longest_side_px: int
    """A larger image is reduced to this before the source looks at it."""


@dataclass(frozen=True)
class Placement:
    """What one execution provider runs of a model."""

    provider: str
    """As ONNX Runtime names it."""
    nodes: int


@dataclass(frozen=True)
class Running:
    """How a model runs on a server."""

    precision: str
    """Of the dense part: float32, bfloat16 or int8."""
    placements: tuple[Placement, ...]
    """Where the nodes of its graphs were put, most nodes first."""
    lanes: int
    """Runs side by side."""
    max_batch: int
    """Most images in one run."""
    batch_delay_ms: float
    """The longest that an image waits for others to run with."""
    fallback: str
    """Why it does not run as asked. Empty: it does."""


@dataclass(frozen=True)
class Model:
    """All about one version of a model."""

    summary: ModelSummary
    classes: tuple[str, ...]
    """By class index."""
    provider: str
    """What really runs it: ONNX Runtime's names of the execution providers, most nodes first."""
    min_score: float
    """Detections under this score are left out by default."""
    most_detections: int
    """Of one image."""
    levels: tuple[Level, ...]
    card_json: str
    """The whole card, as JSON."""
    proposals: ProposalRule | None = None
    """None: it needs none."""
    running: Running | None = None
    """None: the server is too old to tell."""

"""What a model takes and gives, as metadata and as configuration."""

import json
from dataclasses import dataclass
from types import MappingProxyType

from boxwright.device.model import Model
from boxwright.device.providers import PROVIDERS
from boxwright.inference import open_inference_pb2 as pb
from boxwright.settings import Settings
from boxwright_contract.card import GRAPH_FILE, Card

PLATFORM = "onnxruntime_onnx"
BACKEND = "onnxruntime"
ANY = -1

DATA_TYPES = MappingProxyType(
    {"BYTES": pb.TYPE_STRING, "FP32": pb.TYPE_FP32, "INT32": pb.TYPE_INT32}
)
GPU_PROVIDERS = (PROVIDERS["cuda"], PROVIDERS["tensorrt"])


@dataclass(frozen=True)
class Declared:
    """A tensor of a batch; -1 in the shape is any size."""

    name: str
    datatype: str
    after_batch: tuple[int, ...]
    """The shape without the batch's side."""
    optional: bool = False


def inputs(card: Card) -> tuple[Declared, ...]:
    """Return what a model takes. The image may also be pixels, as docs/open_inference.md tells."""
    image = Declared("image", "BYTES", (1,))
    if not card.needs_proposals:
        return (image,)
    return (
        image,
        Declared("proposals", "FP32", (ANY, 4), optional=True),
        Declared("proposal_count", "INT32", (), optional=True),
    )


def outputs(card: Card) -> tuple[Declared, ...]:
    """Return what a model gives in the form `padded`."""
    rows = card.most_detections
    return (
        Declared("boxes", "FP32", (rows, 4)),
        Declared("scores", "FP32", (rows,)),
        Declared("labels", "INT32", (rows,)),
        Declared("label_names", "BYTES", (rows,)),
        Declared("count", "INT32", ()),
        Declared("image_size", "INT32", (2,)),
    )


def metadata(model: Model, versions: tuple[str, ...]) -> pb.ModelMetadataResponse:
    """Return a model's metadata; `versions` of it are served."""
    card = model.bundle.card
    return pb.ModelMetadataResponse(
        name=model.bundle.name,
        versions=sorted(versions, key=int),
        platform=PLATFORM,
        inputs=map(_tensor, inputs(card)),
        outputs=map(_tensor, outputs(card)),
    )


def _tensor(its: Declared) -> pb.ModelMetadataResponse.TensorMetadata:
    return pb.ModelMetadataResponse.TensorMetadata(
        name=its.name, datatype=its.datatype, shape=(ANY, *its.after_batch)
    )


def config(model: Model, settings: Settings) -> pb.ModelConfig:
    """Return how a model is served, nothing of which a file says: it was derived, or measured."""
    card = model.bundle.card
    on_gpu = model.placements[0].provider in GPU_PROVIDERS
    return pb.ModelConfig(
        name=model.bundle.name,
        platform=PLATFORM,
        backend=BACKEND,
        version_policy=pb.ModelVersionPolicy(all=pb.ModelVersionPolicy.All()),
        max_batch_size=settings.max_requests,
        input=[
            pb.ModelInput(
                name=its.name,
                data_type=DATA_TYPES[its.datatype],
                dims=its.after_batch,
                optional=its.optional,
            )
            for its in inputs(card)
        ],
        output=[
            pb.ModelOutput(name=its.name, data_type=DATA_TYPES[its.datatype], dims=its.after_batch)
            for its in outputs(card)
        ],
        instance_group=[
            pb.ModelInstanceGroup(
                name=str(model.bundle),
                count=model.lanes,
                kind=pb.ModelInstanceGroup.KIND_GPU if on_gpu else pb.ModelInstanceGroup.KIND_CPU,
            )
        ],
        default_model_filename=GRAPH_FILE,
        dynamic_batching=pb.ModelDynamicBatching(
            preferred_batch_size=[model.tuning.most],
            max_queue_delay_microseconds=round(model.tuning.delay_s * 1e6),
        ),
        parameters={
            "classes": pb.ModelParameter(string_value=json.dumps(card.classes)),
            "precision": pb.ModelParameter(string_value=model.precision),
            "provider": pb.ModelParameter(string_value=model.provider),
        },
    )

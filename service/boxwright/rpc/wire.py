"""Protobuf <-> our own values; no decisions but the shape of the messages."""

from collections.abc import Iterable

from boxwright.deadline import Deadline
from boxwright.pipeline import Answer
from boxwright.query import Encoded, Query, Raw
from boxwright.repository import Repository, Unserved
from boxwright.runtime import Model
from boxwright.v1 import catalog_pb2, detection_pb2
from boxwright_contract import card
from boxwright_contract.catalog import Catalog, Offer, Problem
from boxwright_contract.errors import BadInput
from boxwright_contract.parts import Backbone, Detector, Level, ProposalSource

Kind = catalog_pb2.Plugin.Kind


def query(request: detection_pb2.DetectRequest, seconds_left: float | None) -> Query:
    """Return what a request asks, of a caller that waits `seconds_left`."""
    return Query(
        image=_image(request),
        model=request.model,
        version=request.version,
        min_score=request.min_score if request.HasField("min_score") else None,
        max_detections=request.max_detections if request.HasField("max_detections") else None,
        classes=tuple(request.classes),
        deadline=Deadline.after(seconds_left),
    )


def _image(request: detection_pb2.DetectRequest) -> Encoded | Raw:
    match request.WhichOneof("image"):
        case "encoded":
            return Encoded(request.encoded)
        case "raw":
            return Raw(request.raw.height_px, request.raw.width_px, request.raw.rgb)
        case _:
            raise BadInput(
                "the request has no image. Set `encoded` to the bytes of an image file, or `raw` "
                "to pixels."
            )


def detect_response(answer: Answer) -> detection_pb2.DetectResponse:
    """Return an answer as it is sent."""
    classes = answer.bundle.card.classes
    rows = zip(answer.boxes.tolist(), answer.scores.tolist(), answer.labels.tolist(), strict=True)
    return detection_pb2.DetectResponse(
        detections=[
            detection_pb2.Detection(
                box=detection_pb2.Box(
                    x_min_px=box[0], y_min_px=box[1], x_max_px=box[2], y_max_px=box[3]
                ),
                score=score,
                label=classes[index],
                class_index=index,
            )
            for box, score, index in rows
        ],
        image_size=detection_pb2.ImageSize(height_px=answer.height_px, width_px=answer.width_px),
        model=answer.bundle.name,
        version=str(answer.bundle.version),
        times=detection_pb2.StageTimes(
            decode_ms=answer.times.decode_ms,
            resize_ms=answer.times.resize_ms,
            queue_ms=answer.times.queue_ms,
            inference_ms=answer.times.inference_ms,
            total_ms=answer.times.total_ms,
        ),
    )


def plugins(catalog: Catalog) -> catalog_pb2.ListPluginsResponse:
    """Return what is installed, the broken plugins last."""
    return catalog_pb2.ListPluginsResponse(
        plugins=[
            *(_offer(offer, Kind.KIND_BACKBONE) for offer in catalog.backbones.values()),
            *(_offer(offer, Kind.KIND_DETECTOR) for offer in catalog.detectors.values()),
            *(_offer(offer, Kind.KIND_PROPOSAL_SOURCE) for offer in catalog.proposals.values()),
            *map(_problem, catalog.problems),
        ]
    )


def _offer(
    offer: Offer[Backbone] | Offer[Detector] | Offer[ProposalSource],
    kind: catalog_pb2.Plugin.Kind.ValueType,
) -> catalog_pb2.Plugin:
    part = offer.part
    return catalog_pb2.Plugin(
        kind=kind,
        name=part.name,
        distribution=offer.distribution,
        distribution_version=offer.version,
        source=part.source,
        levels=_levels(part.levels) if isinstance(part, Backbone) else (),
    )


def _problem(problem: Problem) -> catalog_pb2.Plugin:
    return catalog_pb2.Plugin(
        name=problem.entry_point,
        distribution=problem.distribution,
        distribution_version=problem.version,
        problem=problem.reason,
    )


def models(repository: Repository) -> catalog_pb2.ListModelsResponse:
    """Return the models that are served, then those that cannot be."""
    return catalog_pb2.ListModelsResponse(
        models=[*map(_summary, repository.models), *map(_unserved, repository.unserved)]
    )


def model(served: Model) -> catalog_pb2.GetModelResponse:
    """Return all about one model."""
    its = served.bundle.card
    return catalog_pb2.GetModelResponse(
        summary=_summary(served),
        classes=its.classes,
        provider=served.provider,
        min_score=its.min_score,
        most_detections=its.most_detections,
        levels=_levels(its.levels),
        card_json=card.encode(its).decode(),
    )


def _summary(served: Model) -> catalog_pb2.ModelSummary:
    return catalog_pb2.ModelSummary(
        model=served.bundle.name,
        version=str(served.bundle.version),
        architecture=served.bundle.architecture,
        class_count=len(served.bundle.card.classes),
    )


def _unserved(folder: Unserved) -> catalog_pb2.ModelSummary:
    return catalog_pb2.ModelSummary(
        model=folder.name, version=folder.version, problem=folder.problem
    )


def _levels(levels: Iterable[Level]) -> list[catalog_pb2.Level]:
    return [
        catalog_pb2.Level(name=level.name, channels=level.channels, stride_px=level.stride)
        for level in levels
    ]

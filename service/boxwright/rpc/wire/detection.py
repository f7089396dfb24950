"""detection.proto <-> queries and answers."""

from itertools import zip_longest

from boxwright.answer import Answer
from boxwright.deadline import Deadline
from boxwright.geometry.views import Origin
from boxwright.proposals.proposer import Proposals
from boxwright.query import Boxes, Encoded, FromModel, FromSource, ProposalsAsked, Query, Raw
from boxwright.v1 import detection_pb2
from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.regions import Edges


def query(request: detection_pb2.DetectRequest, seconds_left: float | None) -> Query:
    """Return what a request asks, of a caller that waits `seconds_left`."""
    return Query(
        image=_image(request),
        model=request.model,
        version=request.version,
        min_score=request.min_score if request.HasField("min_score") else None,
        max_detections=request.max_detections if request.HasField("max_detections") else None,
        classes=tuple(request.classes),
        with_origins=request.with_origins,
        proposals=_asked(request.proposals) if request.HasField("proposals") else None,
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


def _asked(its: detection_pb2.Proposals) -> ProposalsAsked:
    limit = its.limit if its.HasField("limit") else None
    match its.WhichOneof("given_by"):
        case "source":
            return ProposalsAsked(FromSource(its.source), limit)
        case "model":
            return ProposalsAsked(FromModel(its.model), limit)
        case "boxes":
            return ProposalsAsked(Boxes(its.boxes.edges_px), limit)
        case _:
            return ProposalsAsked(None, limit)


def detect_response(answer: Answer, with_proposals: bool) -> detection_pb2.DetectResponse:
    """Return an answer as it is sent."""
    proposals = answer.proposals
    return detection_pb2.DetectResponse(
        detections=_detections(answer),
        image_size=detection_pb2.ImageSize(height_px=answer.height_px, width_px=answer.width_px),
        model=answer.bundle.name,
        version=str(answer.bundle.version),
        times=detection_pb2.StageTimes(
            decode_ms=answer.times.decode_ms,
            resize_ms=answer.times.resize_ms,
            queue_ms=answer.times.queue_ms,
            inference_ms=answer.times.inference_ms,
            total_ms=answer.times.total_ms,
            proposals_ms=answer.times.proposals_ms,
        ),
        proposals=None if proposals is None else _used(proposals, with_proposals),
    )


def _used(its: Proposals, with_boxes: bool) -> detection_pb2.ProposalsUsed:
    told = detection_pb2.ProposalsUsed(count=len(its.boxes), given_by=its.given_by)
    if with_boxes:
        told.boxes.edges_px.extend(its.boxes.ravel().tolist())
        told.boxes.SetInParent()
    return told


def box(edges: Edges) -> detection_pb2.Box:
    """Return x1, y1, x2, y2 as they are sent."""
    x_min, y_min, x_max, y_max = edges
    return detection_pb2.Box(x_min_px=x_min, y_min_px=y_min, x_max_px=x_max, y_max_px=y_max)


def _detections(answer: Answer) -> list[detection_pb2.Detection]:
    classes = answer.bundle.card.classes
    rows = zip(answer.boxes.tolist(), answer.scores.tolist(), answer.labels.tolist(), strict=True)
    proposals = () if answer.proposal_of is None else answer.proposal_of.tolist()
    return [
        detection_pb2.Detection(
            box=box(edges),
            score=score,
            label=classes[index],
            class_index=index,
            origin=_origin(origin),
            proposal=proposal,
        )
        for (edges, score, index), origin, proposal in zip_longest(rows, answer.origins, proposals)
    ]


def _origin(origin: Origin | None) -> detection_pb2.Origin | None:
    if origin is None:
        return None
    return detection_pb2.Origin(
        level=origin.level,
        cell_y=origin.y,
        cell_x=origin.x,
        region=box(origin.region_px) if origin.region_px else None,
    )

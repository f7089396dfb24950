"""Protobuf -> answers. No decisions."""

from collections.abc import Iterable

from boxwright.client.answers import (
    Detection,
    Level,
    Model,
    ModelSummary,
    Origin,
    Placement,
    Plugin,
    ProposalRule,
    Proposals,
    Result,
    Running,
    Times,
)
from boxwright.client.geometry_reading import edges
from boxwright.v1 import catalog_pb2, detection_pb2

KINDS = {
    catalog_pb2.Plugin.KIND_UNSPECIFIED: "",
    catalog_pb2.Plugin.KIND_BACKBONE: "backbone",
    catalog_pb2.Plugin.KIND_BACKBONE_FAMILY: "backbone family",
    catalog_pb2.Plugin.KIND_NECK: "neck",
    catalog_pb2.Plugin.KIND_DETECTOR: "detector",
    catalog_pb2.Plugin.KIND_PROPOSAL_SOURCE: "proposal source",
}


def result(answer: detection_pb2.DetectResponse) -> Result:
    """Return what was found in one image."""
    times = answer.times
    return Result(
        detections=tuple(_detection(found) for found in answer.detections),
        height_px=answer.image_size.height_px,
        width_px=answer.image_size.width_px,
        model=answer.model,
        version=answer.version,
        times=Times(
            decode_ms=times.decode_ms,
            resize_ms=times.resize_ms,
            proposals_ms=times.proposals_ms,
            queue_ms=times.queue_ms,
            inference_ms=times.inference_ms,
            total_ms=times.total_ms,
        ),
        proposals=_proposals(answer.proposals) if answer.HasField("proposals") else None,
    )


def plugins(answer: catalog_pb2.ListPluginsResponse) -> tuple[Plugin, ...]:
    """Return the plugins of a list."""
    return tuple(
        Plugin(
            kind=KINDS.get(found.kind, ""),
            name=found.name,
            distribution=found.distribution,
            distribution_version=found.distribution_version,
            problem=found.problem,
            source=found.source,
            levels=_levels(found.levels),
        )
        for found in answer.plugins
    )


def summaries(answer: catalog_pb2.ListModelsResponse) -> tuple[ModelSummary, ...]:
    """Return the models of a list."""
    return tuple(_summary(found) for found in answer.models)


def model(answer: catalog_pb2.GetModelResponse) -> Model:
    """Return all about one model."""
    return Model(
        summary=_summary(answer.summary),
        classes=tuple(answer.classes),
        provider=answer.provider,
        min_score=answer.min_score,
        most_detections=answer.most_detections,
        levels=_levels(answer.levels),
        card_json=answer.card_json,
        proposals=_rule(answer.proposals) if answer.HasField("proposals") else None,
        running=_running(answer.running) if answer.HasField("running") else None,
    )


def _detection(found: detection_pb2.Detection) -> Detection:
    return Detection(
        label=found.label,
        score=found.score,
        box_px=edges(found.box),
        class_index=found.class_index,
        origin=_origin(found.origin) if found.HasField("origin") else None,
        proposal=found.proposal if found.HasField("proposal") else None,
    )


def _proposals(used: detection_pb2.ProposalsUsed) -> Proposals:
    edges = iter(used.boxes.edges_px)
    boxes = tuple(zip(edges, edges, edges, edges, strict=True)) if used.HasField("boxes") else None
    return Proposals(used.count, used.given_by, boxes)


def _running(its: catalog_pb2.Running) -> Running:
    return Running(
        precision=its.precision,
        placements=tuple(Placement(each.provider, each.nodes) for each in its.placements),
        lanes=its.lanes,
        max_batch=its.max_batch,
        batch_delay_ms=its.batch_delay_ms,
        fallback=its.fallback,
    )


def _rule(rule: catalog_pb2.ProposalRule) -> ProposalRule:
    return ProposalRule(rule.source, rule.limit, rule.longest_side_px)


def _origin(found: detection_pb2.Origin) -> Origin:
    return Origin(
        level=found.level,
        cell=(found.cell_y, found.cell_x),
        region_px=edges(found.region) if found.HasField("region") else None,
    )


def _summary(found: catalog_pb2.ModelSummary) -> ModelSummary:
    return ModelSummary(
        model=found.model,
        version=found.version,
        architecture=found.architecture,
        class_count=found.class_count,
        problem=found.problem,
        aliases=tuple(found.aliases),
    )


def _levels(levels: Iterable[catalog_pb2.Level]) -> tuple[Level, ...]:
    return tuple(Level(level.name, level.channels, level.stride_px) for level in levels)

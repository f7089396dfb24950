"""What is installed and what is served -> catalog.proto."""

from collections.abc import Iterable

from boxwright.device.model import Model
from boxwright.shelf.repository import Repository, Unserved
from boxwright.v1 import catalog_pb2
from boxwright_contract import card
from boxwright_contract.catalog import Catalog, Offer, Problem
from boxwright_contract.parts import (
    Backbone,
    BackboneFamily,
    Detector,
    Level,
    Neck,
    ProposalSource,
    RegionLevel,
)
from boxwright_contract.proposal_rule import ProposalRule

Kind = catalog_pb2.Plugin.Kind


def plugins(catalog: Catalog) -> catalog_pb2.ListPluginsResponse:
    """Return what is installed, the broken plugins last."""
    return catalog_pb2.ListPluginsResponse(
        plugins=[
            *(_offer(offer, Kind.KIND_BACKBONE) for offer in catalog.backbones.values()),
            *(_offer(offer, Kind.KIND_BACKBONE_FAMILY) for offer in catalog.families.values()),
            *(_offer(offer, Kind.KIND_NECK) for offer in catalog.necks.values()),
            *(_offer(offer, Kind.KIND_DETECTOR) for offer in catalog.detectors.values()),
            *(_offer(offer, Kind.KIND_PROPOSAL_SOURCE) for offer in catalog.proposals.values()),
            *map(_problem, catalog.problems),
        ]
    )


def _offer(
    offer: Offer[Backbone]
    | Offer[BackboneFamily]
    | Offer[Neck]
    | Offer[Detector]
    | Offer[ProposalSource],
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
        models=[
            *(_summary(repository, each) for each in repository.models),
            *map(_unserved, repository.unserved),
        ]
    )


def model(
    repository: Repository, served: Model, rule: ProposalRule | None
) -> catalog_pb2.GetModelResponse:
    """Return all about one model of a repository, whose proposals come by `rule`."""
    its = served.bundle.card
    return catalog_pb2.GetModelResponse(
        summary=_summary(repository, served),
        classes=its.classes,
        provider=served.provider,
        min_score=its.min_score,
        most_detections=its.most_detections,
        levels=_levels(record.level for record in its.levels),
        card_json=card.encode(its).decode(),
        proposals=None if rule is None else _rule(rule),
        running=_running(served),
    )


def _running(served: Model) -> catalog_pb2.Running:
    return catalog_pb2.Running(
        precision=served.precision,
        placements=[
            catalog_pb2.Placement(provider=each.provider, nodes=each.nodes)
            for each in served.placements
        ],
        lanes=served.lanes,
        max_batch=served.tuning.most,
        batch_delay_ms=served.tuning.delay_s * 1e3,
        fallback=served.fallback,
    )


def _rule(its: ProposalRule) -> catalog_pb2.ProposalRule:
    return catalog_pb2.ProposalRule(
        source=its.source, limit=its.limit, longest_side_px=its.longest_side_px
    )


def _summary(repository: Repository, served: Model) -> catalog_pb2.ModelSummary:
    return catalog_pb2.ModelSummary(
        model=served.bundle.name,
        version=str(served.bundle.version),
        architecture=served.bundle.architecture,
        class_count=len(served.bundle.card.classes),
        aliases=repository.aliases_of(served),
    )


def _unserved(folder: Unserved) -> catalog_pb2.ModelSummary:
    return catalog_pb2.ModelSummary(
        model=folder.name, version=folder.version, problem=folder.problem
    )


def _levels(levels: Iterable[Level | RegionLevel]) -> list[catalog_pb2.Level]:
    return [
        catalog_pb2.Level(name=level.name, channels=level.channels, stride_px=level.stride)
        for level in levels
    ]

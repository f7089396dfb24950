"""Where the proposals of one request come from, settled before its image is looked at."""

from dataclasses import dataclass, replace
from typing import TypeAlias

from boxwright.device.model import Model
from boxwright.proposals.sent import Sent, check_number
from boxwright.query import Boxes, FromModel, FromSource, ProposalsAsked, Query
from boxwright.settings import Settings
from boxwright.shelf.visits import Visit
from boxwright_contract.card import Card
from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadInput, UnknownName
from boxwright_contract.parts import ProposalSource
from boxwright_contract.proposal_rule import ProposalRule


@dataclass(frozen=True)
class BySource:
    """An installed source proposes."""

    source: ProposalSource
    rule: ProposalRule


@dataclass(frozen=True)
class ByModel:
    """What another model finds is proposed, whatever the class."""

    model: Model
    limit: int


Plan: TypeAlias = BySource | ByModel | Sent


def plan(
    query: Query, model: Model, models: Visit, plugins: Catalog, settings: Settings
) -> Plan | None:
    """Return where the proposals of a query come from; None where its model needs none.

    Raises:
        BadInput: Proposals for a model that needs none, a limit that cannot be, no name of a
            proposing model, or one that needs proposals itself.
        BadProposals: The caller's boxes are too many, or not four numbers each.
        UnknownName: No such source or model, or the model's own source is not installed.
    """
    rule = served_rule(model.bundle.card, settings)
    asked = query.proposals or ProposalsAsked(None)
    if rule is None:
        if query.proposals is not None:
            raise BadInput(
                f"{model.bundle} finds its own regions and takes no proposals. Leave `proposals` "
                "and its limit out, or name a model that needs them."
            )
        return None
    limit = rule.limit if asked.limit is None else _checked(asked.limit, settings.max_proposals)
    match asked.given_by:
        case Boxes(edges):
            check_number(len(edges), settings.max_proposals)
            return Sent(edges, settings.max_proposals, limit)
        case FromModel(name):
            return ByModel(_proposing(models, name), limit)
        case FromSource(name):
            source = plugins.proposal_source(name)
        case None:
            source = _own(rule, model, plugins)
    return BySource(source, replace(rule, source=source.name, limit=limit))


def served_rule(card: Card, settings: Settings) -> ProposalRule | None:
    """Return a model's own rule within the operator's limits; None: it needs no proposals."""
    rule = card.proposals
    if rule is None:
        return None
    side = settings.proposals_side_px or rule.longest_side_px
    return replace(
        rule,
        limit=min(rule.limit, settings.max_proposals),
        longest_side_px=min(rule.longest_side_px, side),
    )


def _checked(limit: int, most: int) -> int:
    if not 1 <= limit <= most:
        raise BadInput(
            f"the limit of proposals is {limit}. Send one from 1 to {most}, leave it out, or raise "
            "the server's BOXWRIGHT_MAX_PROPOSALS."
        )
    return limit


def _own(rule: ProposalRule, model: Model, plugins: Catalog) -> ProposalSource:
    if rule.source not in plugins.proposals:
        raise UnknownName(
            f"{model.bundle} gets its proposals from '{rule.source}', which is not installed here. "
            "Name another source in `proposals`, send boxes, or have the operator install its "
            "plugin."
        )
    return plugins.proposal_source(rule.source)


def _proposing(models: Visit, name: str) -> Model:
    if not name:
        raise BadInput("the proposals name no model. Set `proposals.model`.")
    model = models.find(name, "")
    if model.bundle.card.needs_proposals:
        raise BadInput(
            f"{model.bundle} needs proposals itself, so it cannot give them. Name a model that "
            "finds its own regions."
        )
    return model

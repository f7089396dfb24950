"""The plugin contract: five questions that are asked of every plugin, once, at start-up."""

from collections.abc import Iterable

import pluggy

from boxwright_contract.parts import Backbone, BackboneFamily, Detector, Neck, ProposalSource

PROJECT = "boxwright"
"""The entry-point group, and pluggy's project name."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def boxwright_backbones() -> Iterable[Backbone]:  # type: ignore[empty-body]
    """Offer feature extractors. Names must be unique across all installed plugins."""


@hookspec
def boxwright_backbone_families() -> Iterable[BackboneFamily]:  # type: ignore[empty-body]
    """Offer many backbones of one library under one name. Each is made when it is asked for."""


@hookspec
def boxwright_necks() -> Iterable[Neck]:  # type: ignore[empty-body]
    """Offer what stands between backbone and detector. Each must work on every backbone."""


@hookspec
def boxwright_detectors() -> Iterable[Detector]:  # type: ignore[empty-body]
    """Offer detectors. Each must work on every backbone that exists, not on a chosen one."""


@hookspec
def boxwright_proposals() -> Iterable[ProposalSource]:  # type: ignore[empty-body]
    """Offer proposal sources. They run in the server, so they may not need torch."""

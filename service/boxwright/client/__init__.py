"""Ask a Boxwright server, from Python, in a few lines.

from boxwright.client import Client

with Client("127.0.0.1:50051") as client:
    for found in client.detect("photo.jpg").detections:
        print(found.label, found.score, found.box_px)
"""

from boxwright.client.answers import (
    Detection,
    Level,
    Model,
    ModelSummary,
    Origin,
    Plugin,
    ProposalRule,
    Proposals,
    Result,
    Times,
)
from boxwright.client.calls import Client, ImageLike
from boxwright.client.geometry_answers import (
    BackboneGeometry,
    CellRange,
    CellView,
    CellViews,
    LayerDescription,
    LayersDescription,
    LevelCells,
    LevelGeometry,
    ModelGeometry,
    RegionCells,
)
from boxwright.client.proposals import FromModel, ProposalsLike

__all__ = [
    "BackboneGeometry",
    "CellRange",
    "CellView",
    "CellViews",
    "Client",
    "Detection",
    "FromModel",
    "ImageLike",
    "LayerDescription",
    "LayersDescription",
    "Level",
    "LevelCells",
    "LevelGeometry",
    "Model",
    "ModelGeometry",
    "ModelSummary",
    "Origin",
    "Plugin",
    "ProposalRule",
    "Proposals",
    "ProposalsLike",
    "RegionCells",
    "Result",
    "Times",
]

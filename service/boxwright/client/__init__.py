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
    Placement,
    Plugin,
    ProposalRule,
    Proposals,
    Result,
    Running,
    Times,
)
from boxwright.client.asking import ImageLike
from boxwright.client.calls import Client
from boxwright.client.credentials import Credentials
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
from boxwright.client.stream import Frame

__all__ = [
    "BackboneGeometry",
    "CellRange",
    "CellView",
    "CellViews",
    "Client",
    "Credentials",
    "Detection",
    "Frame",
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
    "Placement",
    "Plugin",
    "ProposalRule",
    "Proposals",
    "ProposalsLike",
    "RegionCells",
    "Result",
    "Running",
    "Times",
]

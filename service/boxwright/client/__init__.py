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
    Plugin,
    Result,
    Times,
)
from boxwright.client.calls import Client, ImageLike

__all__ = [
    "Client",
    "Detection",
    "ImageLike",
    "Level",
    "Model",
    "ModelSummary",
    "Plugin",
    "Result",
    "Times",
]

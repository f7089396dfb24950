"""What `detect` prints: a table for people, or a line of JSON for each image or frame."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from boxwright.cli.video import is_video
from boxwright_contract.errors import BoxwrightError

if TYPE_CHECKING:
    from boxwright.client import Detection, Result


@dataclass(frozen=True)
class Subject:
    """What was looked at: an image file, or a frame of a video."""

    file: Path
    frame: int | None = None
    """Its number, from 0. None: it is no video."""
    time_s: float | None = None
    """When it is shown, from the start of the video."""

    def __str__(self) -> str:
        """Return the file, and after it the number of the frame."""
        return str(self.file) if self.frame is None else f"{self.file}#{self.frame}"


Output = Literal["table", "jsonl"]
Report = Callable[[Subject, "Result | BoxwrightError"], Iterable[str]]
"""(image or frame, what came of it) -> the lines to print."""

FRAME_WIDTH = len("#00000")
"""Characters that the number of a frame is taken to need."""

COLUMNS = f"{'label':<16} {'score':>5}  {'x_min':>8} {'y_min':>8} {'x_max':>8} {'y_max':>8}"
"""The heads of `row`."""


def row(found: "Detection") -> str:
    """Return label, score and box, in pixels, in columns."""
    edges = " ".join(f"{edge:>8.1f}" for edge in found.box_px)
    return f"{found.label:<16} {found.score:>5.2f}  {edges}"


def reporter(
    output: Output, files: Iterable[Path], origins: bool = False
) -> tuple[list[str], Report]:
    """Return the lines to start with, and what makes the lines of one file.

    With `origins` a table tells where each detection comes from, the cell or the proposal; JSON
    does whenever it is known.
    """
    if output == "jsonl":
        return [], _json_line
    width = max([len("file"), *(len(str(file)) + FRAME_WIDTH * is_video(file) for file in files)])

    def rows(subject: Subject, outcome: "Result | BoxwrightError") -> list[str]:
        if isinstance(outcome, BoxwrightError):
            return []
        lines = []
        for found in outcome.detections:
            lines.append(f"{subject!s:<{width}}  {row(found)}")
            if origins:
                lines.append(f"{'':<{width}}    {_told(found, outcome)}")
        return lines or [f"{subject!s:<{width}}  nothing found"]

    return [f"{'file':<{width}}  {COLUMNS}"], rows


def _told(found: "Detection", result: "Result") -> str:
    """Return the cell and the region, or the proposal, that a detection comes from."""
    region = result.region_px(found)
    edges = "nothing" if region is None else ", ".join(f"{edge:.1f}" for edge in region)
    if found.origin:
        y, x = found.origin.cell
        return f"from {found.origin.level} ({y}, {x}), which sees {edges}"
    if found.proposal is None or result.proposals is None:
        return "from a place that the model does not tell"
    giver = f" of {result.proposals.given_by}" if result.proposals.given_by else ""
    return f"from proposal {found.proposal}{giver}, {edges}"


def _json_line(subject: Subject, outcome: "Result | BoxwrightError") -> list[str]:
    fields: dict[str, object] = {"file": str(subject.file)}
    if subject.frame is not None and subject.time_s is not None:
        fields |= {"frame": subject.frame, "time_s": round(subject.time_s, 3)}
    if isinstance(outcome, BoxwrightError):
        fields["error"] = {"reason": type(outcome).__name__, "message": str(outcome)}
    else:
        fields |= {
            "height_px": outcome.height_px,
            "width_px": outcome.width_px,
            "model": outcome.model,
            "version": outcome.version,
            "detections": [_detection(found, outcome) for found in outcome.detections],
            "times": {name: round(spent, 3) for name, spent in asdict(outcome.times).items()},
        }
        if outcome.proposals is not None:
            used = outcome.proposals
            fields["proposals"] = {"count": used.count, "given_by": used.given_by}
    return [json.dumps(fields, ensure_ascii=False)]


def _detection(found: "Detection", result: "Result") -> dict[str, object]:
    facts: dict[str, object] = {
        "label": found.label,
        "class_index": found.class_index,
        "score": round(found.score, 6),
        "box_px": _rounded(found.box_px),
    }
    region = result.region_px(found)
    region_px = None if region is None else _rounded(region)
    if found.origin is not None:
        its = found.origin
        facts["origin"] = {"level": its.level, "cell": its.cell, "region_px": region_px}
    if found.proposal is not None:
        facts["proposal"] = found.proposal
        if region_px is not None:
            facts["proposal_px"] = region_px
    return facts


def _rounded(edges: Iterable[float]) -> list[float]:
    return [round(edge, 3) for edge in edges]

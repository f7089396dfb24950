"""What `detect` prints: a table for people, or a line of JSON for each image."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from boxwright_contract.errors import BoxwrightError

if TYPE_CHECKING:
    from boxwright.client import Detection, Origin, Result

Output = Literal["table", "jsonl"]
Report = Callable[[Path, "Result | BoxwrightError"], Iterable[str]]
"""(file, what came of it) -> the lines to print."""

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

    With `origins` a table tells where each detection comes from; JSON does whenever it is known.
    """
    if output == "jsonl":
        return [], _json_line
    width = max([len("file"), *(len(str(file)) for file in files)])

    def rows(file: Path, outcome: "Result | BoxwrightError") -> list[str]:
        if isinstance(outcome, BoxwrightError):
            return []
        lines = []
        for found in outcome.detections:
            lines.append(f"{file!s:<{width}}  {row(found)}")
            if origins and found.origin:
                lines.append(f"{'':<{width}}    {_told(found.origin)}")
        return lines or [f"{file!s:<{width}}  nothing found"]

    return [f"{'file':<{width}}  {COLUMNS}"], rows


def _told(origin: "Origin") -> str:
    """Return the cell and the region that a detection comes from."""
    y, x = origin.cell
    region = origin.region_px
    edges = "nothing" if region is None else ", ".join(f"{edge:.1f}" for edge in region)
    return f"from {origin.level} ({y}, {x}), which sees {edges}"


def _json_line(file: Path, outcome: "Result | BoxwrightError") -> list[str]:
    fields: dict[str, object] = {"file": str(file)}
    if isinstance(outcome, BoxwrightError):
        fields["error"] = {"reason": type(outcome).__name__, "message": str(outcome)}
    else:
        fields |= {
            "height_px": outcome.height_px,
            "width_px": outcome.width_px,
            "model": outcome.model,
            "version": outcome.version,
            "detections": [_detection(found) for found in outcome.detections],
            "times": {name: round(spent, 3) for name, spent in asdict(outcome.times).items()},
        }
    return [json.dumps(fields, ensure_ascii=False)]


def _detection(found: "Detection") -> dict[str, object]:
    facts: dict[str, object] = {
        "label": found.label,
        "class_index": found.class_index,
        "score": round(found.score, 6),
        "box_px": _rounded(found.box_px),
    }
    if found.origin is not None:
        region = found.origin.region_px
        facts["origin"] = {
            "level": found.origin.level,
            "cell": found.origin.cell,
            "region_px": None if region is None else _rounded(region),
        }
    return facts


def _rounded(edges: Iterable[float]) -> list[float]:
    return [round(edge, 3) for edge in edges]

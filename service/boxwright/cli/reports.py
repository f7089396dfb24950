"""What `detect` prints: a table for people, or a line of JSON for each image."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from boxwright_contract.errors import BoxwrightError

if TYPE_CHECKING:
    from boxwright.client import Detection, Result

Output = Literal["table", "jsonl"]
Report = Callable[[Path, "Result | BoxwrightError"], Iterable[str]]
"""(file, what came of it) -> the lines to print."""

COLUMNS = f"{'label':<16} {'score':>5}  {'x_min':>8} {'y_min':>8} {'x_max':>8} {'y_max':>8}"
"""The heads of `row`."""
ORIGIN_COLUMNS = f"{'level':<5} {'y':>4} {'x':>4}  {'sees x_min, y_min, x_max, y_max':>35}"
"""The heads of what --origins tells."""


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
        tell = _row_with_origin if origins else row
        found = [tell(detection) for detection in outcome.detections] or ["nothing found"]
        return [f"{file!s:<{width}}  {columns}" for columns in found]

    columns = f"{COLUMNS}  {ORIGIN_COLUMNS}" if origins else COLUMNS
    return [f"{'file':<{width}}  {columns}"], rows


def _row_with_origin(found: "Detection") -> str:
    """Return `row`, and the cell and the region that the detection comes from."""
    if found.origin is None:
        return row(found)
    y, x = found.origin.cell
    region = found.origin.region_px
    edges = "none" if region is None else " ".join(f"{edge:>8.1f}" for edge in region)
    return f"{row(found)}  {found.origin.level:<5} {y:>4} {x:>4}  {edges}"


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

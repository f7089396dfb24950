"""The pairs of detector and backbone that tests/export/test_matrix.py tests, as a table.

The README shows it: `just docs` runs this file.
"""

import runpy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MATRIX = Path(__file__).with_name("test_matrix.py")


def pair_table() -> str:
    """Return a line for each backbone, in Markdown: which tests try it under which detector."""
    return "\n".join(lines(runpy.run_path(str(MATRIX))["PAIRS"]))


def lines(pairs: Iterable[Any]) -> list[str]:
    """Return the table of the pairs that a test takes."""
    groups: dict[tuple[str, str], str] = {}
    for pair in pairs:
        detector, backbone = (part.name for part in pair.values)
        slow = any(mark.name == "slow" for mark in pair.marks)
        groups[backbone, detector] = "slow" if slow else "gate"
    backbones = dict.fromkeys(backbone for backbone, _ in groups)
    detectors = dict.fromkeys(detector for _, detector in groups)
    names = " | ".join(f"`{detector}`" for detector in detectors)
    return [
        f"| backbone | {names} |",
        "|---" * (1 + len(detectors)) + "|",
        *(
            f"| `{on}` | {' | '.join(groups.get((on, of), '') for of in detectors)} |"
            for on in backbones
        ),
    ]

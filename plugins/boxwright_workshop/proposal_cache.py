"""Proposals on disk, in the user's cache: the same photo is not searched twice.

A file is named by what its proposals are known to depend on: the bytes of the photo, the rule, the
source, the version of the distribution that brought it, and that of OpenCV, which resizes the photo
and does the work of the sources that come with Boxwright. What else a source may use is not known
here: delete the folder after changing it.
"""

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from boxwright_contract.catalog import Offer
from boxwright_contract.parts import ProposalSource
from boxwright_contract.proposal_rule import ProposalRule

Boxes = NDArray[np.float32]


def file_of(photo: bytes, source: Offer[ProposalSource], rule: ProposalRule) -> Path:
    """Return the file for the proposals of `photo`, an image file's bytes."""
    made_by = (source.distribution, source.version, asdict(rule), cv2.__version__)
    digest = hashlib.sha256(msgspec.json.encode(made_by))
    digest.update(photo)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "boxwright", "proposals", f"{digest.hexdigest()}.npy")


def read(file: Path) -> Boxes | None:
    """Return the proposals (P, 4) in `file`; None where it is not there, or damaged."""
    try:
        boxes: Boxes = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return boxes if boxes.ndim == 2 and boxes.shape[1] == 4 else None


def write(file: Path, boxes: Boxes) -> None:
    """Keep proposals (P, 4), if the cache can be written to; nobody ever sees half a file."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as part:
            np.save(part, boxes)
        Path(part.name).replace(file)

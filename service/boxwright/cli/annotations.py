"""Annotated copies of images."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.cli.video import is_video
from boxwright_contract.errors import BadSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from boxwright.client import Result


def targets(folder: Path, files: Iterable[Path]) -> dict[Path, Path]:
    """Return where the copy of each file goes: FOLDER/NAME.jpg, numbered where names meet.

    That of a video is NAME.mp4.

    Raises:
        BadSettings: A copy would replace one of the files.
    """
    files = list(files)
    originals = {file.resolve() for file in files}
    chosen: dict[Path, Path] = {}
    for file in files:
        suffix = ".mp4" if is_video(file) else ".jpg"
        copy, number = folder / f"{file.stem}{suffix}", 1
        while copy in chosen.values():
            number += 1
            copy = folder / f"{file.stem}-{number}{suffix}"
        if copy.resolve() in originals:
            raise BadSettings(
                f"the annotated copy of '{file}' would replace '{copy}'. "
                "Give --annotate another folder."
            )
        chosen[file] = copy
    return chosen


def check_spared(photo: Path, target: Path) -> None:
    """Refuse to write over the photo itself, by whatever name.

    Raises:
        BadSettings: `target` is `photo`.
    """
    if target.exists() and photo.exists() and target.samefile(photo):
        raise BadSettings(f"the drawing would replace '{photo}'. Give --annotate another file.")


def write_annotated(
    file: Path, result: "Result", target: Path, *, regions: bool = False, proposals: bool = False
) -> None:
    """Write `file` with its detections drawn on it, as `annotated`, upright, to `target`.

    Raises:
        BadSettings: `target` cannot be written.
    """
    from boxwright_contract.pixels import Limits, decode

    pixels = decode(file.read_bytes(), Limits())
    write_picture(annotated(pixels, result, regions=regions, proposals=proposals), target)


def annotated(
    pixels: "NDArray[np.uint8]",
    result: "Result",
    *,
    regions: bool = False,
    proposals: bool = False,
) -> "NDArray[np.uint8]":
    """Return `pixels` (H, W, 3) RGB with the detections of a result drawn on them.

    With `regions`, what each comes from is outlined under them: what a cell sees, or a proposal.
    With `proposals`, under these, every proposal that the model was given.
    """
    from boxwright.drawing import WHITE, colour, draw, outline

    if proposals and result.proposals:
        pixels = outline(pixels, ((box, WHITE) for box in result.proposals.boxes_px or ()))
    if regions:
        sources = ((result.region_px(found), found) for found in reversed(result.detections))
        pixels = outline(pixels, ((px, colour(found.class_index)) for px, found in sources if px))
    return draw(pixels, result.detections)


def write_picture(pixels: "NDArray[np.uint8]", target: Path) -> None:
    """Write `pixels` (H, W, 3) RGB to `target`, in the format that its name ends in.

    Raises:
        BadSettings: `target` cannot be written.
    """
    import cv2

    try:
        _, encoded = cv2.imencode(target.suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    except cv2.error as error:
        raise BadSettings(f"'{target}' names no format of pictures. End it in .png.") from error
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(encoded.tobytes())
    except OSError as error:
        raise BadSettings(
            f"'{target}' cannot be written: {error.strerror}. Give a folder that can be."
        ) from error

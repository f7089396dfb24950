"""Annotated copies of images."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright_contract.errors import BadSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from boxwright.client import Result


def targets(folder: Path, files: Iterable[Path]) -> dict[Path, Path]:
    """Return where the copy of each file goes: FOLDER/NAME.jpg, numbered where names meet.

    Raises:
        BadSettings: A copy would replace one of the files.
    """
    files = list(files)
    originals = {file.resolve() for file in files}
    chosen: dict[Path, Path] = {}
    for file in files:
        copy, number = folder / f"{file.stem}.jpg", 1
        while copy in chosen.values():
            number += 1
            copy = folder / f"{file.stem}-{number}.jpg"
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
    """Write `file` with its detections drawn on it, upright, to `target`.

    With `regions`, what each comes from is outlined under them: what a cell sees, or a proposal.
    With `proposals`, under these, every proposal that the model was given.

    Raises:
        BadSettings: `target` cannot be written.
    """
    from boxwright.drawing import WHITE, colour, draw, outline
    from boxwright_contract.pixels import Limits, decode

    pixels = decode(file.read_bytes(), Limits())
    if proposals and result.proposals:
        pixels = outline(pixels, ((box, WHITE) for box in result.proposals.boxes_px or ()))
    if regions:
        sources = ((result.region_px(found), found) for found in reversed(result.detections))
        pixels = outline(pixels, ((px, colour(found.class_index)) for px, found in sources if px))
    write_picture(draw(pixels, result.detections), target)


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

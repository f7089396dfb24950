"""From a trained network and its record to what a bundle is made from."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from torch import nn

from boxwright_contract.card import Precision
from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadImage, BadSettings
from boxwright_contract.pixels import decode
from boxwright_workshop import network, pretrained
from boxwright_workshop.checkpoint import Checkpoint, load
from boxwright_workshop.export import Release
from boxwright_workshop.export_request import check_source
from boxwright_workshop.parity.odd_sizes import Pixels

MOST_PHOTOS = 64
"""A comparison shows each at several sizes; more show nothing new."""


def trained(
    source: str, weights: Path | None, detector: str = "", options: Sequence[str] = ()
) -> tuple[nn.Module, Checkpoint]:
    """Return the network in a checkpoint folder, or torchvision's of that name, and its record.

    Args:
        source: A folder that `boxwright train` wrote, or a name in `pretrained.RECIPES`.
        weights: The file of torchvision's weights. None: from torchvision's cache.
        detector: To take the same parameters for, such as the proposal network alone. Empty: the
            one that was trained.
        options: Of the detector, in place of those of the training, each KEY=VALUE in JSON.

    Raises:
        BadSettings: There is neither such a folder nor such a name, or a folder and `weights`.
        BadWeights: The folder is no checkpoint, or the tensors are missing or do not fit.
    """
    check_source(source, weights)
    if source in pretrained.RECIPES:
        return pretrained.load(source, weights, detector, options)
    return load(Path(source), detector, options)


def release(
    net: nn.Module, record: Checkpoint, *, precision: Precision, min_score: float, made_by: str
) -> Release:
    """Return what a bundle of `net` is made from.

    Args:
        net: A trained network.
        record: What is known of it.
        precision: Of the stored parameters.
        min_score: Detections under it are left out unless a request asks for more.
        made_by: The command that exports it.
    """
    catalog = Catalog.installed()
    return Release(
        net=net,
        detector=catalog.detectors[record.recipe.detector],
        backbone=catalog.backbone_offer(record.recipe.backbone),
        options=network.options_of(record.recipe),
        classes=record.classes,
        input=record.recipe.input,
        proposals=record.recipe.proposals,
        weights=record.weights,
        accuracy=(record.accuracy,) if record.accuracy else (),
        min_score=min_score,
        precision=precision,
        made_by=" && ".join(filter(None, (record.made_by, made_by))),
    )


def photos_in(folder: Path) -> list[Pixels]:
    """Return the pixels of the images in `folder`, the first ones by name.

    Raises:
        BadSettings: There are none.
    """
    found = list(islice(_photos(folder), MOST_PHOTOS))
    if not found:
        raise BadSettings(f"there are no images in {folder}. Name a folder that has some.")
    return found


def _photos(folder: Path) -> Iterator[Pixels]:
    for path in sorted(path for path in folder.glob("*") if path.is_file()):
        try:
            yield decode(path.read_bytes())
        except BadImage:
            continue  # folders of photos hold other files too

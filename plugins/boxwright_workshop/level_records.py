"""What a card says of each feature map: what its cells see, and where they look most."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from boxwright_contract.card import LevelRecord
from boxwright_contract.errors import BoxwrightError
from boxwright_contract.geometry.field import EffectiveField, Field
from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import Preprocessing, RegionLevel
from boxwright_workshop.effective_field import effective_fields
from boxwright_workshop.feature_graph import measured_fields
from boxwright_workshop.parity.gate import Progress
from boxwright_workshop.parity.odd_sizes import Pixels

MOST_PHOTOS = 16
"""Every one takes a pass backwards for each map; more change the average by little."""


def level_records(
    features: nn.Module,
    levels: Sequence[RegionLevel],
    preprocessing: Preprocessing,
    rule: InputRule,
    photos: Sequence[Pixels],
    report: Progress,
) -> tuple[LevelRecord, ...]:
    """Return the records of feature maps, finest first.

    A field that the analysis cannot tell is left open, with the reason: the detector is as good
    without.

    Args:
        features: Maps (1, 3, H, W) float32 to a dict of the maps, in eval mode on the CPU, with
            its trained weights.
        levels: The maps.
        preprocessing: What `features` expects of pixels.
        rule: How photos are resized.
        photos: (H, W, 3) RGB. None: no effective fields are measured.
        report: Told how far it is.
    """
    if not levels:
        return ()
    names = [level.name for level in levels]
    report("measuring receptive fields", 0, 1)
    fields: dict[str, Field] = {}
    unknown = ""
    try:
        fields = measured_fields(features, names, rule.divisor)
    except BoxwrightError as error:
        unknown = str(error)
    report("measuring receptive fields", 1, 1)
    shown = photos[:MOST_PHOTOS] if fields else ()
    effective: dict[str, EffectiveField] = effective_fields(
        features,
        fields,
        (as_input(rule.resize(photo), preprocessing, rule) for photo in shown),
        lambda done: report("measuring effective fields", done, len(shown)),
    )
    return tuple(
        LevelRecord(
            level=level,
            field=fields.get(level.name),
            field_unknown=unknown,
            effective_field=effective.get(level.name),
        )
        for level in levels
    )


def as_input(
    image: Pixels, preprocessing: Preprocessing, rule: InputRule
) -> tuple[Tensor, tuple[int, int]]:
    """Return a resized image as a network takes it, (1, 3, H, W), and its height and width there.

    Padding is 0 after normalisation, as in the exported graph.
    """
    used = (image.shape[0], image.shape[1])
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    if preprocessing.colour == "bgr":
        pixels = pixels.flip(1)
    mean, std = (
        torch.tensor(each)[:, None, None] for each in (preprocessing.mean, preprocessing.std)
    )
    height, width = rule.canvas(*used)
    padding = (0, width - used[1], 0, height - used[0])
    return functional.pad((pixels - mean) / std, padding), used

"""What export finds out about a detector's feature maps."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import Preprocessing, RegionLevel
from boxwright_plugins.nets.faster_rcnn import FasterRcnn
from boxwright_plugins.nets.normalize import Normalize
from boxwright_workshop.gradient_field import disagreements
from boxwright_workshop.level_records import as_input, level_records
from boxwright_workshop.parity.odd_sizes import Group

Pictures = Callable[..., Group]
RULE = InputRule(short_side_px=96, long_side_px=160, divisor=16)
PLAIN = Preprocessing(mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
PYRAMID = [RegionLevel(name=f"P{power}", channels=16, stride=2**power) for power in (2, 3, 4, 5)]


def silent(*_: object) -> None:
    """Report nothing."""


def test_fields_of_a_pyramid_agree_with_gradients_in_every_phase(net: FasterRcnn) -> None:
    records = level_records(net.backbone, PYRAMID, PLAIN, RULE, (), silent)
    fields = {record.level.name: record.field for record in records if record.field}
    assert [axis and axis.phases for axis in fields["P2"].axes] == [4, 4]
    assert disagreements(net.backbone, fields, 16) == []
    assert all(record.effective_field is None for record in records)


def test_effective_fields_are_measured_on_the_photos(net: FasterRcnn, pictures: Pictures) -> None:
    photos = list(pictures([(96, 128)] * 20, (96, 128)).canvas)
    told: list[tuple[str, int, int]] = []
    records = level_records(net.backbone, PYRAMID, PLAIN, RULE, photos, lambda *x: told.append(x))
    for record in records:
        assert record.field is not None
        assert record.effective_field is not None
        assert record.effective_field.images == 16
        for axis, sigma_px, box_px in zip(
            record.field.axes,
            record.effective_field.sigma_px,
            record.effective_field.box95_px,
            strict=True,
        ):
            assert axis is not None
            assert 0 < sigma_px < box_px <= axis.sizes_px[1]
    assert told[-1] == ("measuring effective fields", 16, 16)


class Unheard(nn.Module):
    """It holds an operator whose connections no analysis knows."""

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"P0": x + torch.linalg.det(x @ x.mT)[..., None, None]}


def test_what_cannot_be_analysed_is_left_open_with_the_reason(pictures: Pictures) -> None:
    level = RegionLevel(name="P0", channels=3, stride=1)
    photos = list(pictures([(96, 128)], (96, 128)).canvas)
    [record] = level_records(Unheard(), [level], PLAIN, RULE, photos, silent)
    assert (record.field, record.effective_field) == (None, None)
    assert "Det" in record.field_unknown


@pytest.mark.parametrize("colour", ["rgb", "bgr"])
def test_photos_are_normalised_and_padded_as_in_the_graph(colour: str, pictures: Pictures) -> None:
    expects = Preprocessing(colour=colour, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))  # type: ignore[arg-type]
    group = pictures([(81, 121)], (96, 128))
    image = np.ascontiguousarray(group.canvas[0, :81, :121])
    found, used = as_input(image, expects, RULE)
    size = torch.from_numpy(group.image_size)
    assert used == (81, 121)
    torch.testing.assert_close(found, Normalize(expects)(torch.from_numpy(group.canvas), size))

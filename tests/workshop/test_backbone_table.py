import torch

from boxwright_contract.catalog import Catalog
from boxwright_workshop.backbone_table import backbone_table, parameters


def test_every_backbone_has_a_line() -> None:
    _, _, *lines = backbone_table().splitlines()
    assert [line.split("`")[1] for line in lines] == list(Catalog.installed().backbones)
    assert (
        "| `resnet50` | C2 256 / 4, C3 512 / 8, C4 1024 / 16, C5 2048 / 32 | 23,508,032 | 427 px |"
        in backbone_table()
    )
    assert "595 px and, through gates, everything" in backbone_table()


def test_parameters_are_counted_without_making_room_for_them() -> None:
    backbone = Catalog.installed().backbone("squeezenet1_1")
    real = backbone.build()
    assert parameters(backbone) == sum(parameter.numel() for parameter in real.parameters())
    assert torch.empty(0).device.type == "cpu"

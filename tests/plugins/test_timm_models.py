"""timm's networks are backbones by their own names."""

import pytest
import timm
import torch

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadSettings, UnknownName

CATALOG = Catalog.installed()

# One for each way in which timm returns feature maps, and one that pads as TensorFlow does.
MODELS = ("resnet18", "tf_mixnet_s", "mobilenetv3_small_050", "convnextv2_atto", "dla34")


@pytest.mark.parametrize("model", MODELS)
def test_levels_are_what_timm_tells_from_a_stride_of_4(model: str) -> None:
    backbone = CATALOG.backbone(f"timm:{model}")
    info = timm.create_model(model, features_only=True).feature_info
    told = dict(zip(info.reduction(), info.channels(), strict=True))  # type: ignore[operator,union-attr]
    assert backbone.name == f"timm:{model}"
    assert [(level.name, level.stride, level.channels) for level in backbone.levels] == [
        (f"C{power}", 2**power, told[2**power]) for power in (2, 3, 4, 5)
    ]


@pytest.mark.parametrize("model", MODELS)
@torch.no_grad()
def test_what_is_built_has_the_levels(model: str) -> None:
    backbone = CATALOG.backbone(f"timm:{model}")
    built = backbone.build().eval()(torch.rand(1, 3, 96, 64))
    assert {name: tuple(level.shape[1:]) for name, level in built.items()} == {
        level.name: (level.channels, 96 // level.stride, 64 // level.stride)
        for level in backbone.levels
    }


@pytest.mark.parametrize("model", MODELS)
def test_the_keys_of_timms_weights_are_those_of_the_backbone(model: str) -> None:
    backbone = CATALOG.backbone(f"timm:{model}")
    (weights,) = backbone.weights
    with torch.device("meta"):
        renamed = weights.rename(timm.create_model(model).state_dict())
        wanted = backbone.build().state_dict()
    assert {key: value.shape for key, value in renamed.items()} == {
        key: value.shape for key, value in wanted.items()
    }


def test_preprocessing_and_weights_are_those_that_the_name_tells() -> None:
    backbone = CATALOG.backbone("timm:resnet18.tv_in1k")
    config = timm.get_pretrained_cfg("resnet18.tv_in1k")
    assert config is not None
    (weights,) = backbone.weights
    assert (weights.name, weights.licence) == ("tv_in1k", config.license)
    assert "timm/resnet18.tv_in1k" in weights.origin
    assert backbone.preprocessing.interpolation == config.interpolation == "bilinear"
    assert backbone.preprocessing.mean == config.mean


def test_a_backbone_is_made_once() -> None:
    first = CATALOG.backbone("timm:resnet18")
    assert first is Catalog.installed().backbone("timm:resnet18")


@pytest.mark.parametrize("model", ["resnet81", "resnet18.no_such_weights", "../resnet18", ""])
def test_an_unknown_name_is_answered_with_the_nearest(model: str) -> None:
    with pytest.raises(UnknownName, match=r"no backbone named 'timm:.*timm has \d+ others") as told:
        CATALOG.backbone(f"timm:{model}")
    if model.startswith("resnet"):
        assert "'timm:resnet18" in str(told.value)


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("vit_tiny_patch16_224", r"takes images of \(3, 224, 224\) only"),
        ("tf_efficientnet_cc_b0_4e", "1 of its layers pad by the size of the image"),
        ("convmixer_768_32", r"its levels have strides \[7, 7, 7\]"),
        ("naflexvit_base_patch16_map", r"its levels have strides \[16, 16, 16\]"),
    ],
)
def test_a_network_that_no_detector_can_stand_on_is_refused(model: str, why: str) -> None:
    with pytest.raises(BadSettings, match=f"no detector can stand on timm:{model}.*{why}"):
        CATALOG.backbone(f"timm:{model}")

"""torchvision's networks at random weights: the numbers of FACTS, and those of the papers."""

import io
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import onnx
import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from boxwright_contract.geometry.field import AxisField, Field
from boxwright_contract.geometry.graph.analysis import measure

Build = Callable[[], nn.Module]


class Levels(nn.Module):
    """What some submodules of a network return."""

    def __init__(self, network: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.network = network
        self.names = names

    def forward(self, image: Tensor) -> list[Tensor]:
        found: dict[str, Tensor] = {}
        hooks = [
            self.network.get_submodule(name).register_forward_hook(
                lambda _module, _given, made, name=name: found.update({name: made})
            )
            for name in self.names
        ]
        self.network(image)
        for hook in hooks:
            hook.remove()
        return [found[name] for name in self.names]


def exported(network: nn.Module, side_px: int = 128, *, free: bool = True) -> onnx.ModelProto:
    """Return the graph of a network by tracing, which takes a second and not ten."""
    torch.set_num_threads(1)
    written: Any = io.BytesIO()  # which the tracer takes, whatever its types say
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing is said to be old, and sizes to be constants
        torch.onnx.export(
            network.eval(),
            (torch.zeros(1, 3, side_px, side_px),),
            written,
            input_names=["image"],
            dynamic_axes={"image": {2: "h", 3: "w"}} if free else None,
            opset_version=17,
            dynamo=False,
            do_constant_folding=False,
        )
    return onnx.load_from_string(written.getvalue())


def fields(network: nn.Module, **how: Any) -> list[Field]:
    return [found.field for found in measure(exported(network, **how)).values()]


def numbers(field: Field) -> tuple[int, int, int]:
    """Return size, stride and padding of a field with one phase that is the same along y and x."""
    y, x = field.axes
    assert isinstance(y, AxisField)
    assert y == x
    assert y.phases == 1
    return y.sizes_px[0], y.period_px, y.padding_px


LAST: dict[str, tuple[Build, str, tuple[int, int, int]]] = {
    "alexnet": (models.alexnet, "features", (195, 32, 66)),
    "vgg16 conv5_3": (models.vgg16, "features.28", (196, 16, 90)),
    "vgg16 pool5": (models.vgg16, "features", (212, 32, 90)),
    "squeezenet1_0": (models.squeezenet1_0, "features", (155, 16, 60)),
    "resnet18": (models.resnet18, "layer4", (435, 32, 217)),
    "densenet121": (models.densenet121, "features", (2071, 32, 1021)),
    "mobilenet_v2": (models.mobilenet_v2, "features", (491, 32, 245)),
    "mobilenet_v3_large": (models.mobilenet_v3_large, "features", (595, 32, 297)),
    "mobilenet_v3_small": (models.mobilenet_v3_small, "features", (639, 32, 319)),
    "efficientnet_b0": (models.efficientnet_b0, "features", (851, 32, 425)),
    "convnext_tiny": (models.convnext_tiny, "features", (1688, 32, 828)),
    "googlenet": (lambda: models.googlenet(init_weights=False), "inception5b", (379, 32, 167)),
}
SLOW: dict[str, tuple[Build, str, tuple[int, int, int]]] = {
    "resnet34": (models.resnet34, "layer4", (899, 32, 449)),
    "resnet101": (models.resnet101, "layer4", (971, 32, 485)),
    "resnet152": (models.resnet152, "layer4", (1451, 32, 725)),
    "resnext50_32x4d": (models.resnext50_32x4d, "layer4", (427, 32, 213)),
    "inception_v3": (
        lambda: models.inception_v3(init_weights=False),
        "Mixed_7c",
        (1311, 32, 618),
    ),
}


@pytest.mark.parametrize(("build", "name", "expected"), LAST.values(), ids=LAST)
def test_the_last_map_sees_what_is_published(
    build: Build, name: str, expected: tuple[int, int, int]
) -> None:
    [field] = fields(Levels(build(), [name]))
    assert numbers(field) == expected


@pytest.mark.slow
@pytest.mark.parametrize(("build", "name", "expected"), SLOW.values(), ids=SLOW)
def test_the_last_map_of_a_large_network_too(
    build: Build, name: str, expected: tuple[int, int, int]
) -> None:
    [field] = fields(Levels(build(), [name]), side_px=320)
    assert numbers(field) == expected


def test_every_stage_of_resnet50() -> None:
    found = fields(Levels(models.resnet50(), [f"layer{n}" for n in range(1, 5)]))
    expected = [(35, 4, 17), (91, 8, 45), (267, 16, 133), (427, 32, 213)]
    assert [numbers(field) for field in found] == expected
    assert all(field.exact_at_border and not field.whole_through for field in found)


def test_the_centre_of_densenet_is_shifted_by_14_px() -> None:
    [field] = fields(Levels(models.densenet121(), ["features"]))
    [centre] = {axis.centre_px(0) for axis in field.axes if axis}
    assert centre == 14


def test_the_levels_of_a_feature_pyramid_see_427_or_459_px_by_phase() -> None:
    build = models.detection.backbone_utils.resnet_fpn_backbone
    found = fields(build(backbone_name="resnet50", weights=None))
    axes = [axis for field in found for axis in field.axes if axis]
    assert axes[::2] == axes[1::2]
    assert [axis.sizes_px for axis in axes[::2]] == [
        (427, 459),
        (427, 459),
        (459, 459),
        (491, 491),
        (491, 491),
    ]
    assert [axis.phases for axis in axes[::2]] == [8, 4, 2, 1, 1]
    assert [axis.period_px for axis in axes[::2]] == [32, 32, 32, 32, 64]


def test_gates_are_left_out_and_named() -> None:
    [field] = fields(Levels(models.mobilenet_v3_large(), ["features"]))
    assert len(field.whole_through) == 8  # one for each squeeze-and-excitation block
    assert all("avgpool" in name for name in field.whole_through)


def test_shufflenet_keeps_its_halves_of_channels_apart() -> None:
    [field] = fields(Levels(models.shufflenet_v2_x1_0(), ["conv5"]))
    assert numbers(field) == (527, 32, 263)


def test_pooled_features_of_deeplab_are_whole_and_its_dilated_ones_are_not() -> None:
    build = models.segmentation.deeplabv3_resnet50
    [field] = fields(Levels(build(weights=None, weights_backbone=None), ["classifier.0"]))
    assert len(field.whole_through) == 1
    assert numbers(field) == (427 + 8 * 2 * 36, 8, 213 + 8 * 36)


class UNet(nn.Module):
    """Four times down and up (Ronneberger et al. 2015, arXiv:1505.04597), with padding."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(self.twice(3 if level == 0 else 2) for level in range(5))
        self.up = nn.ModuleList(nn.ConvTranspose2d(2, 2, 2, 2) for _ in range(4))
        self.join = nn.ModuleList(self.twice(4) for _ in range(4))

    @staticmethod
    def twice(channels: int) -> nn.Module:
        return nn.Sequential(nn.Conv2d(channels, 2, 3, 1, 1), nn.Conv2d(2, 2, 3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        kept: list[Tensor] = []
        for level, down in enumerate(self.down):
            x = down(nn.functional.max_pool2d(x, 2) if level else x)
            kept.append(x)
        x = kept.pop()
        for up, join in zip(self.up, self.join, strict=True):
            x = join(torch.cat([kept.pop(), up(x)], 1))
        return x


def test_a_u_net_sees_188_or_204_px_by_phase() -> None:
    [field] = fields(UNet())
    [axis] = {axis for axis in field.axes if axis}
    assert (axis.sizes_px, axis.phases, axis.period_px) == ((188, 204), 16, 16)
    assert field.exact_at_border


def test_shifted_windows_of_attention_are_not_global() -> None:
    network = models.SwinTransformer(
        patch_size=[2, 2], embed_dim=4, depths=[2], num_heads=[1], window_size=[3, 3]
    )
    [field] = fields(Levels(network, ["features"]), side_px=96, free=False)
    assert field.axes[0] == AxisField(6, (-6, 0, 0), (5, 11, 11))
    assert field.whole_through == ()
    assert not field.exact_at_border  # the windows at the borders go around the image


@pytest.mark.slow
def test_a_vision_transformer_sees_a_patch_and_the_rest_through_attention() -> None:
    [field] = fields(Levels(models.vit_b_32(), ["encoder"]), side_px=224, free=False)
    assert [numbers(field)] == [(32, 32, 0)]
    assert len(field.whole_through) == 24

"""The backbones are the published classifiers: parameters, preprocessing, keys and features."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from torch import nn
from torch.nn.functional import pad

from boxwright_contract.catalog import Catalog
from boxwright_contract.parts import Backbone
from boxwright_plugins.nets.nin import Nin
from boxwright_plugins.nets.unet import PATH, Encoder
from boxwright_plugins.nets.unet_decoder import UNetDecoder
from boxwright_workshop.weights import load_into, load_strictly, named, read_state

INSTALLED = Catalog.installed().backbones
SHARED = Path(__file__).parents[3] / "shared" / "weights" / "squeezenet1_1.pth"

TORCHVISION = {
    "convnext_tiny": 28_589_128,
    "densenet121": 7_978_856,
    "efficientnet_b0": 5_288_548,
    "mobilenet_v2": 3_504_872,
    "mobilenet_v3_large": 5_483_032,
    "mobilenet_v3_small": 2_542_856,
    "resnet101": 44_549_160,
    "resnet18": 11_689_512,
    "resnet50": 25_557_032,
    "resnext50_32x4d": 25_028_904,
    "squeezenet1_1": 1_235_496,
    "vgg16": 138_357_544,
}
TIMM = {"mobilenet_v1": "mobilenetv1_100", "xception": "legacy_xception"}
TIMM_PARAMETERS = {"mobilenet_v1": 4_231_976, "xception": 22_855_952}

Classifier = Callable[..., nn.Module]


def classifier(name: str) -> nn.Module:
    """Return the classifier that a backbone was, with random weights."""
    if name in TIMM:
        return timm.create_model(TIMM[name])
    net: nn.Module = torchvision.models.get_model(name, weights=None)
    return net


def shapeless(make: Callable[[], nn.Module]) -> nn.Module:
    """Return what `make` builds, with parameters that take no memory and no time."""
    with torch.device("meta"):
        return make()


def parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


@pytest.mark.parametrize(("name", "published"), [*TORCHVISION.items(), *TIMM_PARAMETERS.items()])
def test_the_classifier_has_as_many_parameters_as_published(name: str, published: int) -> None:
    assert parameters(shapeless(lambda: classifier(name))) == published


def test_network_in_network_for_imagenet_has_as_many_parameters_as_its_authors() -> None:
    net = shapeless(lambda: nn.Sequential(Nin(), nn.Conv2d(1024, 1000, kernel_size=1)))
    assert parameters(net) == 7_595_176


def test_u_net_for_cells_has_as_many_parameters_as_its_authors() -> None:
    head = nn.Conv2d(PATH[0].channels, 2, kernel_size=1)
    net = shapeless(lambda: nn.Sequential(Encoder(image_channels=1), UNetDecoder(PATH), head))
    assert parameters(net) == 31_030_658


@pytest.mark.parametrize("name", TORCHVISION)
def test_preprocessing_is_what_torchvision_tells_of_the_weights(name: str) -> None:
    weights = torchvision.models.get_model_weights(name).IMAGENET1K_V1
    transforms = weights.transforms()
    told = INSTALLED[name].part.preprocessing
    assert (list(told.mean), list(told.std)) == (transforms.mean, transforms.std)
    assert (told.interpolation, told.antialias) == (
        transforms.interpolation.value,
        transforms.antialias,
    )


@pytest.mark.parametrize("name", TIMM)
def test_preprocessing_is_what_timm_tells_of_the_weights(name: str) -> None:
    config = timm.get_pretrained_cfg(TIMM[name])
    told = INSTALLED[name].part.preprocessing
    assert config is not None
    assert (told.mean, told.std) == (config.mean, config.std)
    assert told.interpolation == config.interpolation


@pytest.mark.parametrize("name", TORCHVISION)
def test_the_digest_begins_as_the_publisher_tells_in_the_name_of_the_file(name: str) -> None:
    told = torchvision.models.get_model_weights(name).IMAGENET1K_V1.url
    (weights,) = (w for w in INSTALLED[name].part.weights if w.name == "imagenet")
    assert weights.sha256.startswith(Path(told).stem.rpartition("-")[2])


@pytest.mark.parametrize("name", [*TORCHVISION, *TIMM])
def test_the_keys_of_the_published_weights_are_those_of_the_backbone(name: str) -> None:
    part = INSTALLED[name].part
    published = shapeless(lambda: classifier(name)).state_dict()
    if name == "densenet121":  # the file is older than torchvision's names
        dotted = r"(denselayer\d+\.(?:norm|conv))(\d)"
        published = {re.sub(dotted, r"\1.\2", key): value for key, value in published.items()}
    renamed = named(part, "imagenet").rename(published)
    wanted = shapeless(part.build).state_dict()
    assert {key: value.shape for key, value in renamed.items()} == {
        key: value.shape for key, value in wanted.items()
    }


def last_level(part: Backbone, net: nn.Module, image: torch.Tensor) -> torch.Tensor:
    """Return the deepest level of a backbone that has the classifier's parameters."""
    body = part.build().eval()
    load_strictly(body, named(part, "imagenet").rename(net.state_dict()), "the classifier")
    deepest: torch.Tensor = body(image)[part.levels[-1].name]
    return deepest


@pytest.mark.parametrize(
    ("name", "border"), [("squeezenet1_1", (0, 1, 0, 1)), ("xception", (2, 3, 2, 3))]
)
@torch.no_grad()
def test_a_border_makes_the_levels_what_the_classifier_sees_there(
    name: str, border: tuple[int, ...]
) -> None:
    net = classifier(name).eval()
    image = torch.rand(1, 3, 96, 64)
    features = net.features if name == "squeezenet1_1" else net.forward_features
    expected = features(pad(image, border))  # type: ignore[operator]
    torch.testing.assert_close(
        last_level(INSTALLED[name].part, net, image), expected, rtol=0, atol=0
    )


@pytest.mark.skipif(not SHARED.is_file(), reason="the shared weights are not on this machine")
@torch.no_grad()
def test_the_real_weights_of_squeezenet_load_and_see_what_the_classifier_sees(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BOXWRIGHT_WEIGHTS", str(SHARED.parent))
    part = INSTALLED["squeezenet1_1"].part
    net = torchvision.models.squeezenet1_1()
    net.load_state_dict(read_state(SHARED))
    body = part.build().eval()
    load_into(body, named(part, "imagenet_resaved"))
    image = torch.rand(1, 3, 128, 160)
    expected = net.eval().features(pad(image, (0, 1, 0, 1)))
    torch.testing.assert_close(body(image)["C4"], expected, rtol=0, atol=0)

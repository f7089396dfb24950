"""Torchvision's checkpoints: what torchvision makes of a file in its cache, so do we.

The files are made here, with random parameters, under the names of the real ones.
"""

from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.models import detection
from torchvision.models.detection import FasterRCNN

from boxwright_contract.errors import BadWeights
from boxwright_contract.parts import Batch
from boxwright_workshop import network, pretrained

SIDE = 320


def picture() -> torch.Tensor:
    torch.manual_seed(1)
    blocks = torch.randint(0, 256, (SIDE // 16, SIDE // 16, 3), dtype=torch.uint8)
    return blocks.repeat_interleave(16, 0).repeat_interleave(16, 1)


def theirs(name: str, **options: object) -> FasterRCNN:
    """Return torchvision's own detector, at the size of the picture."""
    net: FasterRCNN = getattr(detection, name)(weights_backbone=None, **options)
    net.transform.min_size, net.transform.max_size = (SIDE,), SIDE
    return net


def random_weights(name: str) -> dict[str, torch.Tensor]:
    """Return parameters with which torchvision's detector finds something in the picture."""
    torch.manual_seed(0)
    net = theirs(name, weights=None)
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # the statistics of the one picture below
    pixels, _ = net.transform([picture().permute(2, 0, 1) / 255])
    with torch.no_grad():
        net.train().backbone(pixels.tensors)
        for norm in norms:
            norm.get_buffer("running_var").clamp_(min=1e-4)  # so that 1e-5 more makes a difference
    nn.init.normal_(net.rpn.head.bbox_pred.weight, 0, 1e-4)  # boxes that stay near their anchors
    nn.init.normal_(net.roi_heads.box_predictor.bbox_pred.weight, 0, 1e-2)
    nn.init.normal_(net.roi_heads.box_predictor.cls_score.weight, 0, 0.4)
    nn.init.constant_(net.rpn.head.cls_logits.bias, 1.0)
    state: dict[str, torch.Tensor] = net.state_dict()
    return state


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Torch's cache, which is empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def put(cache: Path, name: str) -> Path:
    """Put weights for the detector of that name into the cache."""
    file = cache / pretrained.RECIPES[name].weights.url.rsplit("/", 1)[-1]
    torch.save(random_weights(name), file)
    return file


@pytest.mark.parametrize("name", pretrained.RECIPES)
def test_torchvisions_weights_give_torchvisions_detections(name: str, cache: Path) -> None:
    put(cache, name)
    reference = theirs(name, weights=pretrained.RECIPES[name].weights).eval()
    ours, record = pretrained.load(name)
    canvas = picture()
    size = torch.tensor([[SIDE, SIDE]], dtype=torch.int32)
    with torch.inference_mode():
        [expected] = reference([canvas.permute(2, 0, 1) / 255])
    [found] = network.detector_of(record.recipe).detect(ours, Batch(canvas[None], size))
    assert len(found.scores) == len(expected["scores"]) > 0
    apart = torch.cdist(expected["boxes"], found.boxes, p=torch.inf)
    apart[(expected["labels"] - 1)[:, None] != found.labels] = torch.inf
    distance, nearest = apart.min(dim=1)  # neighbours whose scores are equal may change places
    assert distance.max() < 1e-3
    assert len(nearest.unique()) == len(nearest)
    assert torch.allclose(found.scores[nearest], expected["scores"], atol=1e-5)
    assert record.classes[:3] == ("person", "bicycle", "car")
    assert len(record.classes) == 90


# As published; torchvision's frozen normalisation has buffers where ours has parameters.
PARAMETERS = {
    "fasterrcnn_resnet50_fpn": 41_755_286,
    "fasterrcnn_mobilenet_v3_large_320_fpn": 19_386_354,
}


@pytest.mark.parametrize("name", pretrained.RECIPES)
def test_there_are_as_many_parameters_as_torchvision_tells(name: str) -> None:
    published = pretrained.RECIPES[name]
    net = network.build(published.recipe, 90, trained=False)
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    of_norms = sum(parameter.numel() for norm in norms for parameter in norm.parameters())
    whole = sum(parameter.numel() for parameter in net.parameters())
    assert whole - of_norms == PARAMETERS[name] == published.weights.meta["num_params"]
    if name == "fasterrcnn_resnet50_fpn":
        assert of_norms == 53_120


def test_the_recipes_are_settled() -> None:
    for published in pretrained.RECIPES.values():
        assert network.settled(published.recipe) == published.recipe


def test_a_checkpoint_of_another_architecture_is_refused(cache: Path) -> None:
    file = put(cache, "fasterrcnn_mobilenet_v3_large_320_fpn")
    with pytest.raises(BadWeights, match="does not fit the network"):
        pretrained.load("fasterrcnn_resnet50_fpn", file)


def test_a_file_in_the_cache_that_is_cut_short_is_refused(cache: Path) -> None:
    name = "fasterrcnn_mobilenet_v3_large_320_fpn"
    file = put(cache, name)
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(BadWeights, match="pass the file with --weights"):
        pretrained.load(name)

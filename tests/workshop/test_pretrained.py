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


def theirs(name: str) -> FasterRCNN:
    """Torchvision's detector with random weights, normalised so that they find something."""
    torch.manual_seed(0)
    net: FasterRCNN = getattr(detection, name)(weights=None, weights_backbone=None)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the statistics of the one picture below
    net.transform.min_size, net.transform.max_size = (SIDE,), SIDE
    pixels, _ = net.transform([picture().permute(2, 0, 1) / 255])
    with torch.no_grad():
        net.train().backbone(pixels.tensors)
    nn.init.normal_(net.rpn.head.bbox_pred.weight, 0, 1e-4)  # boxes that stay near their anchors
    nn.init.normal_(net.roi_heads.box_predictor.bbox_pred.weight, 0, 1e-2)
    nn.init.normal_(net.roi_heads.box_predictor.cls_score.weight, 0, 0.4)
    nn.init.constant_(net.rpn.head.cls_logits.bias, 1.0)
    return net.eval()


@pytest.mark.parametrize("name", pretrained.RECIPES)
def test_torchvisions_checkpoint_gives_torchvisions_detections(name: str, tmp_path: Path) -> None:
    net = theirs(name)
    file = tmp_path / "weights.pth"
    torch.save(net.state_dict(), file)
    ours, record = pretrained.load(name, file)
    canvas = picture()
    size = torch.tensor([[SIDE, SIDE]], dtype=torch.int32)
    with torch.inference_mode():
        [expected] = net([canvas.permute(2, 0, 1) / 255])
    [found] = network.detector_of(record.recipe).detect(ours, Batch(canvas[None], size))
    assert len(found.scores) > 0
    assert torch.equal(found.labels, expected["labels"] - 1)
    assert torch.allclose(found.boxes, expected["boxes"], atol=1e-3)
    assert torch.allclose(found.scores, expected["scores"], atol=1e-5)
    assert record.classes[:3] == ("person", "bicycle", "car")
    assert len(record.classes) == 90


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    torch.save(theirs("fasterrcnn_mobilenet_v3_large_320_fpn").state_dict(), file)
    with pytest.raises(BadWeights, match="does not fit the network"):
        pretrained.load("fasterrcnn_resnet50_fpn", file)

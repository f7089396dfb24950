"""Canvases of bytes to what a backbone was trained on, as torchvision's transform makes it."""

import torch
from torchvision.models.detection.transform import GeneralizedRCNNTransform

from boxwright_contract.parts import Preprocessing
from boxwright_plugins.nets.normalize import Normalize


def test_images_are_normalised_and_then_padded_with_0() -> None:
    means, stds = [0.4, 0.5, 0.6], [0.2, 0.25, 0.3]
    sizes = [(50, 70), (64, 40)]
    torch.manual_seed(0)
    images = [torch.randint(0, 256, (*size, 3), dtype=torch.uint8) for size in sizes]
    canvas = torch.full((2, 64, 96, 3), 255, dtype=torch.uint8)
    for image, row in zip(images, canvas, strict=True):
        row[: image.shape[0], : image.shape[1]] = image
    net = Normalize(Preprocessing(mean=(0.4, 0.5, 0.6), std=(0.2, 0.25, 0.3)))
    transform = GeneralizedRCNNTransform(64, 96, means, stds, _skip_resize=True)
    expected, _ = transform([image.permute(2, 0, 1) / 255 for image in images])
    assert net(canvas, torch.tensor(sizes, dtype=torch.int32)).equal(expected.tensors)


def test_a_backbone_of_another_colour_order_gets_it() -> None:
    canvas = torch.randint(0, 256, (1, 8, 8, 3), dtype=torch.uint8)
    size = torch.tensor([[8, 8]], dtype=torch.int32)
    mean, std = (0.1, 0.2, 0.3), (1.0, 1.0, 1.0)
    rgb = Normalize(Preprocessing(mean=(0, 0, 0), std=std))(canvas, size)
    bgr = Normalize(Preprocessing(colour="bgr", mean=mean, std=std))(canvas, size)
    assert bgr.equal(rgb.flip(1) - torch.tensor(mean)[:, None, None])

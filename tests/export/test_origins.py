"""Where the graph says that its detections come from, worked out again in eager torch."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.models.detection.rpn import concat_box_prediction_layers
from torchvision.ops import clip_boxes_to_image

from boxwright_contract.parts import Batch
from boxwright_plugins.nets.faster_rcnn import FasterRcnn
from boxwright_workshop.parity.comparison import Comparison
from boxwright_workshop.parity.odd_sizes import Group

Pictures = Callable[..., Group]
Changed = Callable[[Callable[[FasterRcnn], None]], Comparison]
NEAR_PX = 1e-2

CANVASES = [
    pytest.param((32, 16), id="few cells"),
    pytest.param((96, 128), id="even"),
    pytest.param((112, 80), id="odd, so that the extra level is rounded up"),
    pytest.param((208, 240), id="large"),
]


@pytest.fixture
def balanced(changed: Changed) -> Comparison:
    """Torch beside the graph, with detections from every level."""

    def favour_coarse_levels(net: FasterRcnn) -> None:
        for level in range(3):
            net.get_parameter(f"backbone.neck.layer_blocks.{level}.0.weight").mul_(2.0**level)

    return changed(favour_coarse_levels)


def run(comparison: Comparison, group: Group) -> dict[str, NDArray[np.float32]]:
    """Return the graph's outputs by name."""
    names = ["boxes", "scores", "labels", "count", "origin"]
    return dict(zip(names, comparison.session.run(names, group.feeds()), strict=True))


def moved_anchors(net: FasterRcnn, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the box of every anchor, (A, 4), and level, y and x of its cell, (A, 3)."""
    images, levels = net.features(batch)
    objectness, deltas = net.rpn.head(list(levels.values()))
    [anchors] = net.rpn.anchor_generator(images, list(levels.values()))
    _, deltas = concat_box_prediction_layers(objectness, deltas)
    boxes = net.rpn.box_coder.decode(deltas, [anchors])[:, 0]
    cells = [
        torch.tensor([(level, y, x) for y in range(h) for x in range(w) for _ in range(a)])
        for level, (_, a, h, w) in enumerate(each.shape for each in objectness)
    ]
    return clip_boxes_to_image(boxes, images.image_sizes[0]), torch.cat(cells)


def moved_proposals(net: FasterRcnn, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the proposals, (P, 4), and their boxes for each class, (P, 1 + K, 4)."""
    images, levels = net.features(batch)
    proposals, _ = net.rpn(images, levels)
    heads = net.roi_heads
    pooled = heads.box_roi_pool(levels, proposals, images.image_sizes)
    _, deltas = heads.box_predictor(heads.box_head(pooled))
    boxes = heads.box_coder.decode(deltas, proposals)
    return proposals[0], clip_boxes_to_image(boxes, images.image_sizes[0])


def near(boxes: Tensor, box: Tensor) -> Tensor:
    """Return which of `boxes` (R, 4) is `box`, up to rounding."""
    return (boxes - box).abs().amax(dim=1) < NEAR_PX


@torch.inference_mode()
@pytest.mark.parametrize("canvas", CANVASES)
def test_a_detection_comes_from_the_cell_of_its_proposals_anchor(
    canvas: tuple[int, int], balanced: Comparison, pictures: Pictures
) -> None:
    net, (height, width) = balanced.net, canvas
    assert isinstance(net, FasterRcnn)
    group = pictures([(height, width), (height - 3, width - 7)] * 2, canvas)
    graph = run(balanced, group)
    possible = []
    for i, found in enumerate(graph["count"].astype(int)):
        alone = group.alone(i)
        batch = Batch(torch.from_numpy(alone.canvas), torch.from_numpy(alone.image_size))
        anchors, cells = moved_anchors(net, batch)
        proposals, moved = moved_proposals(net, batch)
        for row in range(found):
            box = torch.from_numpy(graph["boxes"][i, row])
            of_class = moved[:, int(graph["labels"][i, row]) + 1]
            sources = proposals[near(of_class, box)]
            assert len(sources) > 0
            origins = {
                tuple(cell) for source in sources for cell in cells[near(anchors, source)].tolist()
            }
            assert tuple(graph["origin"][i, row].tolist()) in origins
            possible.append(len(origins))
    assert len(possible) > 1
    assert np.median(possible) == 1  # where several anchors end in one box, each may be it


def test_origins_are_told_for_detections_only_and_are_those_of_the_image_alone(
    balanced: Comparison, pictures: Pictures
) -> None:
    group = pictures([(90, 121), (0, 0), (95, 127), (33, 63)], (96, 128))
    together = run(balanced, group)
    assert together["origin"].dtype == np.int32
    assert together["origin"].shape == (*together["labels"].shape, 3)
    for i, found in enumerate(together["count"].astype(int)):
        alone = run(balanced, group.alone(i))
        np.testing.assert_array_equal(together["origin"][i], alone["origin"][0])
        assert not together["origin"][i, found:].any()


def test_every_level_is_an_origin_and_no_cell_lies_outside_its_grid(
    balanced: Comparison, pictures: Pictures
) -> None:
    levels = set()
    for sides in ((16, 16), (32, 16), (48, 48), (96, 128), (208, 240)):
        graph = run(balanced, pictures([sides] * 4, sides, seed=5))
        count = graph["count"].astype(int)
        origins = np.concatenate([graph["origin"][i, :found] for i, found in enumerate(count)])
        grids = [[-(-side // stride) for side in sides] for stride in (4, 8, 16, 32)]
        assert (origins[:, 1:] < np.array(grids)[origins[:, 0]]).all()
        assert (origins >= 0).all()
        levels |= set(origins[:, 0].tolist())
    assert levels == {0, 1, 2, 3}

"""The graph of Fast R-CNN in ONNX Runtime finds what torch finds."""

from collections import OrderedDict
from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from boxwright_contract.parts import Backbone, Batch, Detections, Level, Preprocessing
from boxwright_plugins.detectors.fast_rcnn import boxwright_detectors
from boxwright_plugins.fast_rcnn_options import Options
from boxwright_workshop.graph_file import export_graph
from boxwright_workshop.graph_form import first_form

Answer = list[NDArray[Any]]
[FAST_RCNN] = boxwright_detectors()
OUTPUTS = ("boxes", "scores", "labels", "count", "proposal")
SMALL = Options(
    neck_channels=8, canonical_side_px=40, head_channels=16, min_score=0.3, most_detections=20
)
VARIANTS = {
    "align": replace(SMALL, pooling="align"),
    "max, pyramid, low rank": replace(SMALL, neck="fpn", singular_values=(9, 7)),
}


class Body(nn.Module):
    """Two levels of random features."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 8, 8, 8), nn.Conv2d(8, 8, 2, 2)

    def forward(self, x: Tensor) -> "OrderedDict[str, Tensor]":
        fine = self.first(x).sin()
        return OrderedDict(C3=fine, C4=self.second(fine).sin())


TINY = Backbone(
    name="tiny",
    levels=(Level("C3", 8, 8), Level("C4", 8, 16)),
    preprocessing=Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2)),
    build=Body,
    source="made for tests",
)


@pytest.fixture(scope="module", params=list(VARIANTS.values()), ids=list(VARIANTS))
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[nn.Module, ort.InferenceSession]:
    """A net that finds things everywhere, and its graph."""
    torch.manual_seed(0)
    net = FAST_RCNN.build(TINY, 3, request.param).eval()
    with torch.no_grad():
        net.get_parameter("predictor.cls_score.weight").mul_(12)
        net.get_parameter("predictor.bbox_pred.weight").mul_(5)
    graph = tmp_path_factory.mktemp("fast_rcnn") / "model.onnx"
    export_graph(FAST_RCNN.exportable(net), graph, first_form(FAST_RCNN, 16), "float32")
    return net, ort.InferenceSession(graph, providers=["CPUExecutionProvider"])


def pictures(numbers: tuple[int, ...]) -> Batch:
    """Return images of noise on canvases of 96 x 128 px, each with that number of proposals."""
    torch.manual_seed(len(numbers) + sum(numbers))
    canvas = torch.randint(0, 256, (len(numbers), 96, 128, 3), dtype=torch.uint8)
    sizes = torch.tensor([(96, 128), (70, 101), (33, 128)])[: len(numbers)].to(torch.int32)
    proposals = []
    for number, (height, width) in zip(numbers, sizes.tolist(), strict=True):
        edge = torch.tensor([width, height])
        corner = torch.rand(number, 2) * (edge - 12)
        far = torch.minimum(corner + 4 + torch.rand(number, 2) * 60, edge)
        proposals.append(torch.cat((corner, far), dim=1))
    return Batch(canvas, sizes, tuple(proposals))


def of_graph(session: ort.InferenceSession, batch: Batch, rows: int, filling: float) -> Answer:
    """Run the graph with proposals filled up to `rows`."""
    proposals = np.full((len(batch.proposals), rows, 4), filling, np.float32)
    for row, here in zip(proposals, batch.proposals, strict=True):
        row[: len(here)] = here
    feeds = {
        "image": batch.canvas.numpy(),
        "image_size": batch.image_size.numpy(),
        "proposals": proposals,
        "proposal_count": np.array([len(here) for here in batch.proposals], np.int32),
    }
    answer: Answer = session.run(OUTPUTS, feeds)
    return answer


def assert_same(found: Detections, boxes: Tensor, scores: Tensor, labels: Tensor) -> None:
    torch.testing.assert_close(boxes, found.boxes, rtol=0, atol=1e-4)
    torch.testing.assert_close(scores, found.scores, rtol=0, atol=1e-6)
    assert labels.tolist() == found.labels.tolist()


@pytest.mark.parametrize(
    "numbers", [(1,), (0,), (200,), (3, 17), (61, 0, 250), (0, 0)], ids=lambda n: str(n)
)
def test_it_finds_the_same_alone_and_in_a_batch(
    both: tuple[nn.Module, ort.InferenceSession], numbers: tuple[int, ...]
) -> None:
    net, session = both
    batch = pictures(numbers)
    boxes, scores, labels, count, proposal = of_graph(session, batch, max(1, *numbers, 0), 0.0)
    for i, here in enumerate(batch.proposals):
        rest = Batch(batch.canvas[i : i + 1], batch.image_size[i : i + 1], (here,))
        [found] = FAST_RCNN.detect(net, rest)
        got = int(count[i])
        answer = (torch.from_numpy(part[i, :got].copy()) for part in (boxes, scores, labels))
        assert_same(found, *answer)
        assert not boxes[i, got:].any()
        assert not scores[i, got:].any()
        assert not labels[i, got:].any()
        assert not proposal[i, got:].any()
    if max(numbers) > 50:
        assert count.max() == 20


def test_filling_does_not_matter(both: tuple[nn.Module, ort.InferenceSession]) -> None:
    _, session = both
    batch = pictures((40, 7))
    plain = of_graph(session, batch, 40, 0.0)
    for rows, filling in ((40, np.nan), (41, np.inf), (300, 50.0)):
        for one, other in zip(plain, of_graph(session, batch, rows, filling), strict=True):
            np.testing.assert_allclose(other, one, rtol=0, atol=1e-4)


def test_each_detection_says_which_proposal_it_comes_from(
    both: tuple[nn.Module, ort.InferenceSession],
) -> None:
    net, session = both
    batch = pictures((30, 50))
    boxes, _, labels, count, proposal = of_graph(session, batch, 50, 0.0)
    assert len(set(proposal[1, : count[1]].tolist())) > 5
    for i in range(2):
        for j in range(int(count[i])):
            only = batch.proposals[i][proposal[i, j]][None]
            [found] = FAST_RCNN.detect(
                net, Batch(batch.canvas[i : i + 1], batch.image_size[i : i + 1], (only,))
            )
            [row] = (found.labels == int(labels[i, j])).nonzero().flatten().tolist()
            torch.testing.assert_close(
                torch.from_numpy(boxes[i, j].copy()), found.boxes[row], rtol=0, atol=1e-4
            )

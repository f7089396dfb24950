"""The two graphs of R-CNN in ONNX Runtime, run some regions at a time, find what torch finds."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime as ort
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from boxwright_contract.chunks import Feeds, run_in_chunks
from boxwright_contract.parts import Backbone, Batch, Level, Preprocessing, Truth
from boxwright_plugins.detectors.rcnn import after_training, boxwright_detectors
from boxwright_plugins.graph.rcnn import quotient
from boxwright_plugins.nets.rcnn import Rcnn
from boxwright_plugins.nets.warp import floored
from boxwright_plugins.rcnn_options import Options
from boxwright_workshop.graph_file import export_graph
from boxwright_workshop.graph_form import conclusion_form, first_form

Answer = list[NDArray[Any]]
[RCNN] = boxwright_detectors()
assert RCNN.chunked
CLASSES = 3
SMALL = Options(region_px=64, context_px=8, head_channels=16, min_score=0.3, most_detections=20)
FITTED = replace(SMALL, classifier="svm", regression="ridge", min_score=0.1)
VARIANTS = {"softmax": SMALL, "fitted": FITTED}


class Body(nn.Module):
    """One level of random features."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 16, 16)

    def forward(self, x: Tensor) -> "OrderedDict[str, Tensor]":
        return OrderedDict(C4=self.conv(x).sin())


TINY = Backbone(
    name="tiny",
    levels=(Level("C4", 8, 16),),
    preprocessing=Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2), colour="bgr"),
    build=Body,
    source="made for tests",
)


class Exported(NamedTuple):
    """A net that finds things everywhere, and its graphs."""

    net: nn.Module
    regions: ort.InferenceSession
    conclusion: ort.InferenceSession

    def run(
        self, batch: Batch, rows: int, *, filling: float = 0.0, at_once: int = 7
    ) -> tuple[Answer, int]:
        """Return the answer with proposals filled up to `rows`, and how often graphs were run."""
        proposals = np.full((len(batch.proposals), rows, 4), filling, np.float32)
        for row, here in zip(proposals, batch.proposals, strict=True):
            row[: len(here)] = here
        feeds: Feeds = {
            "image": batch.canvas.numpy(),
            "image_size": batch.image_size.numpy(),
            "proposals": proposals,
            "proposal_count": np.array([len(here) for here in batch.proposals], np.int32),
        }
        runs: list[None] = []
        answer = run_in_chunks(
            lambda given: self.regions.run(None, dict(given)),
            lambda given: self.conclusion.run(None, dict(given)),
            feeds,
            at_once,
            lambda: runs.append(None),
        )
        return answer, len(runs)


@pytest.fixture(scope="module", params=list(VARIANTS.values()), ids=list(VARIANTS))
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    assert RCNN.chunked
    torch.manual_seed(0)
    net = RCNN.build(TINY, CLASSES, request.param).eval()
    with torch.no_grad():
        net.get_parameter("predictor.cls_score.weight").mul_(12)
        net.get_parameter("predictor.bbox_pred.weight").mul_(5)
    after_training(net, annotated)
    folder = tmp_path_factory.mktemp("rcnn")
    export_graph(RCNN.exportable(net), folder / "model.onnx", first_form(RCNN, 16), "float32")
    conclusion = RCNN.chunked.conclusion(net)
    export_graph(conclusion, folder / "conclusion.onnx", conclusion_form(5 * CLASSES), "float32")
    sessions = (
        ort.InferenceSession(folder / name, providers=["CPUExecutionProvider"])
        for name in ("model.onnx", "conclusion.onnx")
    )
    return Exported(net, *sessions)


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


def annotated() -> Iterable[tuple[Batch, list[Truth]]]:
    """Yield pictures with some proposals as their true boxes."""
    for count in (20, 25, 30):
        batch = pictures((count, count))
        yield batch, [Truth(here[:6], torch.arange(6) % CLASSES) for here in batch.proposals]


@pytest.mark.parametrize(
    "numbers", [(1,), (0,), (7,), (150,), (3, 17), (61, 0, 100), (0, 0)], ids=str
)
def test_they_find_the_same_alone_and_in_a_batch(
    exported: Exported, numbers: tuple[int, ...]
) -> None:
    batch = pictures(numbers)
    (boxes, scores, labels, count, proposal), _ = exported.run(batch, max(1, *numbers, 0))
    for i, here in enumerate(batch.proposals):
        alone = Batch(batch.canvas[i : i + 1], batch.image_size[i : i + 1], (here,))
        [found] = RCNN.detect(exported.net, alone)
        got = int(count[i])
        np.testing.assert_allclose(boxes[i, :got], found.boxes.numpy(), rtol=0, atol=1e-4)
        np.testing.assert_allclose(scores[i, :got], found.scores.numpy(), rtol=0, atol=1e-5)
        np.testing.assert_array_equal(labels[i, :got], found.labels.numpy())
        for part in (boxes, scores, labels, proposal):
            assert not part[i, got:].any()
    if max(numbers) > 50:
        assert count.max() == 20


def test_it_does_not_matter_how_many_regions_are_looked_at_together(exported: Exported) -> None:
    batch = pictures((13, 30))
    whole, runs = exported.run(batch, 30, at_once=1000)
    assert runs == 2
    for at_once, expected_runs in ((1, 31), (15, 3), (29, 3), (30, 2)):
        some, runs = exported.run(batch, 30, at_once=at_once)
        assert runs == expected_runs
        for one, other in zip(whole, some, strict=True):
            np.testing.assert_allclose(other, one, rtol=0, atol=1e-4)


def test_filling_does_not_matter(exported: Exported) -> None:
    batch = pictures((40, 7))
    plain, _ = exported.run(batch, 40)
    for rows, filling in ((40, np.nan), (41, np.inf), (90, 50.0)):
        filled, _ = exported.run(batch, rows, filling=filling)
        for one, other in zip(plain, filled, strict=True):
            np.testing.assert_allclose(other, one, rtol=0, atol=1e-4)


def test_no_region_is_suppressed_by_one_of_another_image(exported: Exported) -> None:
    batch = pictures((30, 30))
    twice = Batch(
        batch.canvas[:1].expand(2, -1, -1, -1).contiguous(),
        batch.image_size[:1].expand(2, -1).contiguous(),
        (batch.proposals[0],) * 2,
    )
    (boxes, scores, labels, count, proposal), _ = exported.run(twice, 30)
    assert count[0] > 3
    for part in (boxes, scores, labels, count, proposal):
        np.testing.assert_allclose(part[1], part[0], rtol=0, atol=1e-5)


def test_each_detection_says_which_proposal_it_comes_from(exported: Exported) -> None:
    batch = pictures((30,))
    (boxes, _, labels, count, proposal), _ = exported.run(batch, 30)
    for j in range(int(count[0])):
        only = batch.proposals[0][proposal[0, j]][None]
        [found] = RCNN.detect(exported.net, replace(batch, proposals=(only,)))
        [row] = (found.labels == int(labels[0, j])).nonzero().flatten().tolist()
        np.testing.assert_allclose(boxes[0, j], found.boxes[row].numpy(), rtol=0, atol=1e-4)


def test_regions_are_warped_in_the_graph_to_the_same_bits(
    tmp_path: Path,
) -> None:
    net = RCNN.build(TINY, CLASSES, SMALL)
    assert isinstance(net, Rcnn)
    batch = pictures((40, 40))
    graph = tmp_path / "warp.onnx"
    export_graph(Crops(net), graph, first_form(RCNN, 16), "float32")
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    feeds = {
        "image": batch.canvas.numpy(),
        "image_size": batch.image_size.numpy(),
        "proposals": torch.stack(batch.proposals).numpy(),
        "proposal_count": np.array([40, 40], np.int32),
    }
    [found] = session.run(None, feeds)
    eager = Crops(net, floored)(
        batch.canvas, batch.image_size, torch.stack(batch.proposals), torch.zeros(0)
    )
    np.testing.assert_array_equal(found, eager.numpy())


class Crops(nn.Module):
    """What R-CNN shows its backbone, as a row for each region."""

    def __init__(self, net: Rcnn, divide: Any = quotient) -> None:
        super().__init__()
        self.net = net
        self.divide = divide

    def forward(self, image: Tensor, size: Tensor, proposals: Tensor, _count: Tensor) -> Tensor:
        images, most, _ = proposals.shape
        crops = self.net.crops(image, size, proposals, self.divide)
        return crops.reshape(images, most, -1)

"""A small detector that finds many things in noise, exported once."""

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from boxwright_contract.card import WeightsRecord
from boxwright_contract.catalog import Offer
from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import Backbone, Batch, Detector, Level, Preprocessing
from boxwright_plugins.detectors import faster_rcnn
from boxwright_plugins.faster_rcnn_options import Options
from boxwright_plugins.graph.faster_rcnn import exportable
from boxwright_plugins.nets.faster_rcnn import FasterRcnn
from boxwright_workshop.export import Release, export_bundle
from boxwright_workshop.float16 import round_parameters
from boxwright_workshop.folding import fold_norms
from boxwright_workshop.parity.comparison import Comparison
from boxwright_workshop.parity.odd_sizes import Group, on_canvas, structured

RULE = InputRule(short_side_px=96, long_side_px=160, divisor=16)
CLASSES = ("ash", "birch", "cedar")
OPTIONS = Options(
    neck_channels=16,
    anchor_sides_px=((12, 20), (24, 40), (48, 60), (80, 90)),
    candidates=60,
    proposals=40,
    canonical_side_px=60,
    head_channels=32,
    min_score=0.25,  # what each of four outcomes has if nothing speaks for any
    most_detections=20,
)
[DETECTOR] = faster_rcnn.boxwright_detectors()


class Body(nn.Module):
    """Three convolutions, three levels."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 12, 7, 4, 3), nn.BatchNorm2d(12), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(12, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU())
        self.third = nn.Sequential(nn.Conv2d(16, 24, 3, 2, 1), nn.BatchNorm2d(24), nn.ReLU())

    def forward(self, x: Tensor) -> "OrderedDict[str, Tensor]":
        c2 = self.first(x)
        c3 = self.second(c2)
        return OrderedDict(C2=c2, C3=c3, C4=self.third(c3))


BACKBONE = Backbone(
    name="tiny",
    levels=(Level("C2", 12, 4), Level("C3", 16, 8), Level("C4", 24, 16)),
    preprocessing=Preprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
    build=Body,
    source="made for tests",
)


@pytest.fixture(name="pictures", scope="session")
def fixture_pictures() -> Callable[..., Group]:
    """Made-up pictures: (sizes, canvas)."""
    return pictures


@pytest.fixture(name="release_of", scope="session")
def fixture_release_of() -> Callable[..., Release]:
    """What a bundle is made from: (net, detector)."""
    return release_of


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """On so small a net, threads wait for each other longer than they compute."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(name="tiny", scope="session")
def fixture_tiny() -> Callable[..., nn.Module]:
    """An untrained small detector that finds things: (classes, options)."""
    return tiny


@pytest.fixture(name="enliven", scope="session")
def fixture_enliven() -> Callable[..., nn.Module]:
    """Make an untrained detector find things: (net, pictures)."""
    return enliven


def pictures(sizes: Sequence[tuple[int, int]], canvas: tuple[int, int], seed: int = 0) -> Group:
    """Return made-up pictures of the given heights and widths on canvases of one size."""
    rng = np.random.default_rng(seed)
    empty = np.zeros((0, 0, 3), np.uint8)
    images = [RULE.resize_to(structured(rng), *size) if size[0] else empty for size in sizes]
    return on_canvas(images, *canvas)


def seen(net: nn.Module, layer: str, sample: Group) -> Tensor:
    """Return what a layer of `net` gives for `sample`, (all values,)."""
    outputs: list[Tensor] = []
    hook = net.get_submodule(layer).register_forward_hook(lambda *call: outputs.append(call[2]))
    DETECTOR.detect(
        net, Batch(torch.from_numpy(sample.canvas), torch.from_numpy(sample.image_size))
    )
    hook.remove()
    return torch.cat([output.flatten() for output in outputs])


@torch.no_grad()
def enliven(net: nn.Module, sample: Group) -> nn.Module:
    """Scale the heads of an untrained net until it takes a fifth of its proposals for something."""
    for module in net.eval().modules():
        if isinstance(module, nn.BatchNorm2d):
            module.train().momentum = 1.0  # take the statistics of the sample
    classifier = "roi_heads.box_predictor.cls_score"
    seen(net, classifier, sample)
    net.eval()
    for layer, deviation in {
        "rpn.head.cls_logits": 2.0,
        "rpn.head.bbox_pred": 0.3,
        "roi_heads.box_predictor.bbox_pred": 1.0,
        classifier: 4.0,
    }.items():
        weight = net.get_parameter(f"{layer}.weight")
        weight.mul_(deviation / seen(net, layer, sample).std())
    bias = net.get_parameter(f"{classifier}.bias")
    logits = seen(net, classifier, sample).view(-1, len(bias))
    margin = logits[:, 1:].max(dim=1).values - logits[:, 0]
    bias[0] += margin.quantile(0.8) - torch.tensor(OPTIONS.min_score).logit()
    return net


def tiny(classes: int, options: Options) -> nn.Module:
    """Return an untrained detector that finds things nevertheless."""
    torch.manual_seed(0)
    net = faster_rcnn.build(BACKBONE, classes, options)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.endswith("bias"):
                parameter.uniform_(-0.1, 0.1)  # equal initialisers would become one in the graph
    return enliven(net, pictures([(96, 128)] * 4, (96, 128)))


def release_of(net: nn.Module, detector: Detector = DETECTOR) -> Release:
    """Return what a bundle of `net` is made from."""
    return Release(
        net=net,
        detector=Offer(detector, "boxwright", "0.1.0"),
        backbone=Offer(BACKBONE, "arboretum", "3.1"),
        options=OPTIONS,
        classes=CLASSES,
        input=RULE,
        weights=WeightsRecord(origin="untrained", licence="none"),
        min_score=0.4,
        precision="float16",
        made_by="pytest",
    )


@pytest.fixture(scope="session")
def untrained() -> nn.Module:
    """The small detector, as it was built."""
    return tiny(len(CLASSES), OPTIONS)


@pytest.fixture(scope="session")
def steps() -> list[tuple[str, int, int]]:
    """What the export of `bundle` reported."""
    return []


@pytest.fixture(scope="session")
def bundle(
    untrained: nn.Module,
    steps: list[tuple[str, int, int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The small detector in float16, through the gate."""
    folder = tmp_path_factory.mktemp("models") / "trees" / "1"
    export_bundle(release_of(untrained), folder, (), lambda *step: steps.append(step))
    return folder


@pytest.fixture(scope="session")
def net(untrained: nn.Module) -> FasterRcnn:
    """The small detector with the parameters that `bundle` holds."""
    stored = copy.deepcopy(untrained)
    fold_norms(stored.get_submodule("backbone.body"))
    round_parameters(stored)
    assert isinstance(stored, FasterRcnn)
    return stored


def beside(net: nn.Module, graph: Path) -> Comparison:
    """Return torch beside a graph in ONNX Runtime."""
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return Comparison(net, DETECTOR.detect, session)


@pytest.fixture
def comparison(net: FasterRcnn, bundle: Path) -> Comparison:
    """Torch beside the graph of `bundle`."""
    return beside(net, bundle / "model.onnx")


@pytest.fixture
def changed(
    net: FasterRcnn, bundle: Path, tmp_path: Path
) -> Callable[[Callable[[FasterRcnn], None]], Comparison]:
    """Return torch beside the graph, after a change to the parameters of both."""

    def apply(change: Callable[[FasterRcnn], None]) -> Comparison:
        other = copy.deepcopy(net)
        with torch.no_grad():
            change(other)
        parameters = dict(exportable(other).named_parameters())
        model = onnx.load(bundle / "model.onnx")
        for tensor in model.graph.initializer:
            name = tensor.name.removesuffix(".float16")
            if name in parameters:
                kind = np.float32 if name == tensor.name else np.float16
                values = parameters.pop(name).detach().numpy().astype(kind)
                tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
        assert not parameters
        onnx.save(model, tmp_path / "changed.onnx")
        return beside(other, tmp_path / "changed.onnx")

    return apply

"""How long it takes to analyse a graph, and how much memory: each in a process of its own.

Reading the file is not counted. Memory is the peak of what Python and numpy allocate, in a round of
its own.
"""

import multiprocessing
import tempfile
import time
import tracemalloc
import warnings
from pathlib import Path
from typing import Annotated

import onnx
import torch
import typer
from torch import nn
from torchvision import models

from boxwright_contract.geometry.graph.analysis import intervals, measure

SIDES_PX = (800, 1333)


def main(rounds: Annotated[int, typer.Option(help="Of which the best counts.")] = 5) -> None:
    """Measure, and print a table."""
    pyramid = models.detection.backbone_utils.resnet_fpn_backbone
    networks: dict[str, nn.Module] = {
        "ResNet-50-FPN": pyramid(backbone_name="resnet50", weights=None),
        "DenseNet-121": models.densenet121().features,
    }
    spawn = multiprocessing.get_context("spawn")
    typer.echo(f"{'':<16} {'':<28} {'s':>6} {'MiB':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for name, network in networks.items():
            path = Path(folder) / f"{name}.onnx"
            _export(network, path)
            for job in (_intervals, _measure):
                with spawn.Pool(1) as pool:
                    seconds, mib = pool.apply(_timed, (job.__name__, path, rounds))
                typer.echo(f"{name:<16} {job.__doc__:<28} {seconds:>6.2f} {mib:>6.0f}")


def _export(network: nn.Module, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (torch.zeros(1, 3, 128, 128),),
            str(path),
            input_names=["image"],
            dynamic_axes={"image": {2: "h", 3: "w"}},
            dynamo=False,
        )


def _intervals(model: onnx.ModelProto) -> None:
    """Every cell at 800 x 1333."""
    intervals(model, [output.name for output in model.graph.output], SIDES_PX)


def _measure(model: onnx.ModelProto) -> None:
    """The field, probe growing."""
    measure(model)


def _timed(job: str, path: Path, rounds: int) -> tuple[float, float]:
    run = {"_intervals": _intervals, "_measure": _measure}[job]
    model = onnx.load(path)
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        run(model)
        best = min(best, time.perf_counter() - began)
    tracemalloc.start()
    run(model)
    return best, tracemalloc.get_traced_memory()[1] / 2**20


if __name__ == "__main__":
    typer.run(main)

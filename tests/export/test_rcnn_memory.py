"""R-CNN looks at 2,000 regions of an image in bounded memory."""

import subprocess
import sys
from pathlib import Path

import pytest

from boxwright_contract.catalog import Catalog
from boxwright_plugins.detectors.rcnn import boxwright_detectors
from boxwright_plugins.rcnn_options import Options
from boxwright_workshop.graph_file import export_graph
from boxwright_workshop.graph_form import conclusion_form, first_form

MOST_MB = 1500
CLASSES = 80
PROGRAM = f"""
import re, sys
from pathlib import Path
import numpy as np
import onnxruntime as ort
from boxwright_contract.chunks import run_in_chunks

regions, conclusion = (ort.InferenceSession(path) for path in sys.argv[1:3])
rng = np.random.default_rng(0)
corners = np.sort(rng.uniform(0, 1, (1, 2000, 2, 2)), axis=2) * [1000, 600]
feeds = {{
    "image": rng.integers(0, 256, (1, 608, 1024, 3), dtype=np.uint8),
    "image_size": np.array([[600, 1000]], np.int32),
    "proposals": corners.reshape(1, 2000, 4).astype(np.float32),
    "proposal_count": np.array([2000], np.int32),
}}
most = {Options().regions_at_once}
run_in_chunks(
    lambda given: regions.run(None, dict(given)),
    lambda given: conclusion.run(None, dict(given)),
    feeds, most, lambda: None,
)
# Not ru_maxrss, which a process has from the one that starts it.
[most_kib] = re.findall(r"VmHWM:\\s+([0-9]+)", Path("/proc/self/status").read_text())
print(int(most_kib) * 1024 / 1e6)
"""


@pytest.mark.slow
def test_2000_regions_take_less_than_1500_megabytes(tmp_path: Path) -> None:
    [rcnn] = boxwright_detectors()
    assert rcnn.chunked
    net = rcnn.build(Catalog.installed().backbone("efficientnet_lite0"), CLASSES, Options()).eval()
    model, conclusion = tmp_path / "model.onnx", tmp_path / "conclusion.onnx"
    export_graph(rcnn.exportable(net), model, first_form(rcnn, 32), "float32")
    second = conclusion_form(5 * CLASSES)
    export_graph(rcnn.chunked.conclusion(net), conclusion, second, "float32")
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, model, conclusion],
        check=True,
        capture_output=True,
        text=True,
    )
    assert float(ran.stdout) < MOST_MB

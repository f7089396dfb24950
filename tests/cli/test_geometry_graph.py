"""`boxwright geometry graph`: any ONNX file, made here node by node."""

import json
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper
from typer.testing import CliRunner, Result

from boxwright.cli import app


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    """A convolution of kernel 7 and stride 2, then a pooling of kernel 3 and stride 2."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node(
                "Conv", ["photo", "w"], ["stem"], strides=[2, 2], pads=[3, 3, 3, 3], name="conv1"
            ),
            helper.make_node(
                "MaxPool",
                ["stem"],
                ["pooled"],
                kernel_shape=[3, 3],
                strides=[2, 2],
                pads=[1, 1, 1, 1],
                name="pool1",
            ),
        ],
        "chain",
        [value("photo", TensorProto.FLOAT, ["N", 3, "H", "W"])],
        [value("pooled", TensorProto.FLOAT, ["N", 8, "H/4", "W/4"])],
        [helper.make_tensor("w", TensorProto.FLOAT, [8, 3, 7, 7], [0.1] * (8 * 3 * 49))],
    )
    file = tmp_path / "chain.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]), file)
    return file


def graph(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["geometry", "graph", *arguments])


def test_the_outputs_of_a_file_are_measured(chain: Path) -> None:
    printed = graph(str(chain))
    assert printed.exit_code == 0
    head, row = printed.stdout.splitlines()
    assert head.split() == [
        "tensor",
        "shape",
        "measured",
        "on",
        "field",
        "px",
        "stride",
        "padding",
        "centre",
    ]
    assert row.split()[0] == "pooled"
    assert row.split()[-4:] == ["11", "4", "5", "0"]


def test_tensors_inside_are_measured_by_name(chain: Path) -> None:
    printed = graph(str(chain), "--tensor", "stem", "--tensor", "pooled", "--json")
    answer = json.loads(printed.stdout)
    sizes = {name: found["field"]["axes"][0]["max_size_px"] for name, found in answer.items()}
    assert sizes == {"stem": 7, "pooled": 11}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--tensor", "poled"], 2, "Did you mean 'pooled'?"),
        (["--input", "foto"], 2, "photo"),
        (["--image", "8x8"], 2, "Use at least"),
    ],
)
def test_what_cannot_be_measured_is_an_error_with_its_cure(
    arguments: list[str], code: int, message: str, chain: Path
) -> None:
    printed = graph(str(chain), *arguments)
    assert printed.exit_code == code
    assert message in printed.stderr


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"no graph at all", bytes(100)):
        file = tmp_path / "broken.onnx"
        file.write_bytes(content)
        printed = graph(str(file))
        assert printed.exit_code == 2
        assert "broken.onnx' " in printed.stderr
    assert "'missing.onnx' cannot be read: No such file" in graph("missing.onnx").stderr


def test_without_onnx_it_says_which_install_it_needs(chain: Path) -> None:
    without = "import sys; sys.modules['onnx'] = None; from boxwright.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", without, "geometry", "graph", str(chain)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    assert "needs 'onnx', which is not installed" in done.stderr
    assert "pip install 'boxwright[geometry]'" in done.stderr

"""protos/ against what was promised to callers: `just contracts` notices what would break them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from google.api import annotations_pb2

PROTOS = Path(__file__).parents[2] / "protos"
GOOGLEAPIS = Path(str(annotations_pb2.__file__)).parents[2]
BUF = str(Path(sys.executable).with_name("buf"))
RELEASED, RULES = str(PROTOS / "released.binpb"), str(PROTOS / "buf.yaml")


def breakages(protos: Path) -> str:
    """Return what callers of the released protos would suffer from these."""
    now = protos.with_name("now.binpb")
    files = [str(each) for each in sorted(protos.rglob("*.proto"))]
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I", str(protos), "-I", str(GOOGLEAPIS)]
    options = ["--include_imports", "--include_source_info", f"--descriptor_set_out={now}"]
    subprocess.run([*command, *options, *files], check=True)
    told = subprocess.run(
        [BUF, "breaking", str(now), "--against", RELEASED, "--config", RULES],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stderr == ""
    assert told.returncode == (100 if told.stdout else 0)
    return told.stdout


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of protos/ to be spoilt."""
    return Path(shutil.copytree(PROTOS, tmp_path / "protos"))


def test_what_was_promised_is_kept(copied: Path) -> None:
    assert breakages(copied) == ""


@pytest.mark.parametrize(
    ("file", "old", "new", "noticed"),
    [
        (
            "boxwright/v1/detection.proto",
            "  float score = 2;",
            "  double score = 2;",
            'Field "2" with name "score" on message "Detection" changed type',
        ),
        (
            "boxwright/v1/detection.proto",
            "  string label = 3;",
            "  string name = 3;",
            'Field "3" on message "Detection" changed name from "label" to "name".',
        ),
        (
            "boxwright/v1/admin.proto",
            "  rpc RemoveAlias(RemoveAliasRequest) returns (RemoveAliasResponse);",
            "",
            'Previously present RPC "RemoveAlias" on service "AdminService" was deleted.',
        ),
        (
            "boxwright/inference/open_inference.proto",
            "bool ready = 1;",
            "bool ready = 2;",
            'Previously present field "1" with name "ready" on message',
        ),
    ],
)
def test_a_change_that_breaks_callers_is_noticed(
    copied: Path, file: str, old: str, new: str, noticed: str
) -> None:
    spoilt = copied / file
    assert old in spoilt.read_text()
    spoilt.write_text(spoilt.read_text().replace(old, new))
    assert noticed in breakages(copied)


def test_a_new_field_breaks_nobody(copied: Path) -> None:
    grown = copied / "boxwright/v1/detection.proto"
    grown.write_text(
        grown.read_text().replace("  string label = 3;", "  string label = 3;\n  bool new = 99;")
    )
    assert breakages(copied) == ""

"""What docs/open_inference.md shows works."""

import re
import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import copy
from subprocess import run

from boxwright.cli.demo import PHOTO
from boxwright.inference.open_inference_pb2 import DESCRIPTOR
from boxwright.ports import Address
from boxwright.rpc.open_inference.asked import INPUTS
from boxwright.rpc.open_inference.outputs import FORMS
from boxwright.rpc.open_inference.parameters import KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "open_inference.md").read_text()


def test_the_example_prints_detections(address: Address, tmp_path: Path) -> None:
    assert find_spec("tritonclient")
    copy(PHOTO, tmp_path / "photo.jpg")
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    asked = code.replace("127.0.0.1:50051", str(address)).replace("people", "bright")
    ran = run(
        [sys.executable, "-c", asked], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert re.match(r"(red|green|blue) [01]\.\d\d \[.*\]\n", ran.stdout)


def test_tritonclient_and_our_own_client_go_together() -> None:
    together = "import boxwright.client, tritonclient.grpc"
    ran = run([sys.executable, "-c", together], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_every_name_is_told() -> None:
    rows = set(re.findall(r"^\| `(\w+)`", PAGE, flags=re.MULTILINE))
    assert rows == {*INPUTS, *KINDS, *FORMS["padded"], *FORMS["ragged"]}


def test_every_call_is_told() -> None:
    calls = {method.name for method in DESCRIPTOR.services_by_name["GRPCInferenceService"].methods}
    table = PAGE.partition("## Calls")[2].partition("## Statuses")[0]
    assert calls == {name for name in calls if name in table}

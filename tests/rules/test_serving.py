"""What a server loads: never torch, and ONNX Runtime only with its telemetry off."""

import subprocess
import sys

import pytest

EVERYTHING_THAT_SERVES = """
import importlib, pkgutil, sys
import boxwright

for module in pkgutil.walk_packages(boxwright.__path__, "boxwright."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)

from boxwright_contract.catalog import Catalog
catalog = Catalog.installed()
assert catalog.backbones and catalog.detectors, catalog.problems

heavy = {"onnx", "onnxscript", "timm", "torch", "torchvision"} & set(sys.modules)
print(sorted(heavy), "boxwright.server" in sys.modules)
"""

TELEMETRY = """
import importlib, os, sys

class Witness:
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime":
            print("telemetry disabled:", os.environ.get("ORT_DISABLE_TELEMETRY"), flush=True)
            sys.meta_path.remove(self)

sys.meta_path.insert(0, Witness())
importlib.import_module(sys.argv[1])
import onnxruntime
"""


def run(code: str, *arguments: str) -> str:
    """Run code in a Python of its own and return what it printed."""
    environment = {"PATH": "", "ORT_DISABLE_TELEMETRY": "0"}
    command = [sys.executable, "-c", code, *arguments]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_serving_never_loads_torch() -> None:
    assert run(EVERYTHING_THAT_SERVES) == "[] True"


@pytest.mark.parametrize(
    "package",
    [
        "boxwright",
        "boxwright.device.runtime",
        "boxwright_contract",
        "boxwright_plugins",
        "boxwright_workshop",
    ],
)
def test_telemetry_is_off_before_onnx_runtime_is_imported(package: str) -> None:
    assert run(TELEMETRY, package) == "telemetry disabled: 1"

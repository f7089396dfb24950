"""What models would run on, and why not on more. NVIDIA's program is a script of the test's own."""

from pathlib import Path

import pytest

from boxwright.doctor.devices import look
from boxwright.doctor.graphics import Graphics, graphics
from boxwright.settings import Settings
from boxwright_contract.errors import BadSettings

onnxruntime = pytest.importorskip("onnxruntime")
without_cuda = pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(),
    reason="ONNX Runtime is built for CUDA here; the test is of one that is not",
)


@pytest.fixture
def smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """NVIDIA's program, first on the path; it does what it is written to."""
    program = tmp_path / "nvidia-smi"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    program.write_text('#!/bin/sh\necho "NVIDIA L4, 23034, 550.54.15"\n')
    program.chmod(0o755)
    return program


def test_the_processor_is_told_with_its_precisions_and_threads() -> None:
    first = next(iter(look(Settings(device="cpu", threads=3, lanes=2))))
    assert first.level == "ok"
    assert first.what.startswith(
        "models run on cpu (asked for: cpu), in float32 or int8, 2 at once on 3 threads"
    )


def test_a_device_that_is_required_and_not_there_is_refused() -> None:
    with pytest.raises(BadSettings, match=r"is 'require:tensorrt', but .*pip install"):
        list(look(Settings(device="require:tensorrt")))


@without_cuda
def test_a_device_that_is_preferred_and_not_there_is_a_warning() -> None:
    found = [each for each in look(Settings(device="prefer:cuda")) if each.level == "warning"]
    assert len(found) == 1
    assert found[0].what.startswith("cuda was preferred, but ONNX Runtime ")
    assert found[0].cure


@without_cuda
def test_a_gpu_that_is_not_used_is_a_warning_unless_another_device_is_asked_for(
    smi: Path,
) -> None:
    found = [each for each in look(Settings()) if "GPU is not used" in each.what]
    assert [each.level for each in found] == ["warning"]
    levels = {each.level for each in look(Settings(device="cpu")) if "no CUDA" in each.what}
    assert levels == {"note"}


def test_gpus_are_told_with_memory_and_driver(smi: Path) -> None:
    assert graphics() == [Graphics("NVIDIA L4", 23034, "550.54.15")]
    told = [each.what for each in look(Settings(device="cpu"))]
    assert "NVIDIA L4, 23034 MB, driver 550.54.15" in told


@pytest.mark.parametrize(
    "does",
    ["exit 9", "echo No devices were found", "exec sleep 60"],
    ids=["fails", "none", "hangs"],
)
def test_a_driver_that_is_sick_is_no_gpu(smi: Path, does: str) -> None:
    smi.write_text(f"#!/bin/sh\n{does}\n")
    assert not graphics(patience_s=0.5)

"""What models would run on, and why not on more."""

from collections.abc import Iterator

from boxwright.device.choice import requirement
from boxwright.device.providers import PROVIDERS, absence
from boxwright.device.runtime import Runtime
from boxwright.doctor.finding import Concern, Finding
from boxwright.doctor.graphics import driver, graphics
from boxwright.settings import Settings

DEVICES = Concern("devices")

NVIDIA = ("cuda", "tensorrt")
NOT_NVIDIA = ("cpu", "openvino")


def look(settings: Settings) -> Iterator[Finding]:
    """Open the device as `serve` does, and tell of the others."""
    runtime = Runtime.open(settings.device, settings.threads, settings.lanes, settings.precision)
    ort, sessions = runtime.sessions.ort, runtime.sessions
    yield DEVICES.ok(
        f"models run on {runtime.device} (asked for: {settings.device}), in "
        f"{' or '.join(runtime.able)}, {sessions.lanes} at once on {sessions.threads} threads, by "
        f"ONNX Runtime {ort.__version__}"
    )
    if runtime.fallback:
        yield DEVICES.warning(runtime.fallback, _cure(_wished(settings)))
    wished = _wished(settings)
    if not (runtime.fallback and wished == "openvino"):
        yield from _openvino(absence(ort, "openvino"))
    if not (runtime.fallback and wished in NVIDIA):
        built = PROVIDERS["cuda"] in ort.get_available_providers()
        yield from _nvidia(absence(ort, "cuda"), built=built, passed_over=wished in NOT_NVIDIA)


def _openvino(absent: str) -> Iterator[Finding]:
    if absent:
        yield DEVICES.note(f"no OpenVINO: {absent}", _cure("openvino"))


def _nvidia(absent: str, *, built: bool, passed_over: bool) -> Iterator[Finding]:
    """Tell of NVIDIA's GPUs, and why CUDA cannot be used, unless other devices are asked for."""
    cards = graphics()
    for card in cards:
        yield DEVICES.ok(f"{card.name}, {card.memory_mb} MB, driver {card.driver}")
    if not cards and not driver():
        yield DEVICES.ok("no NVIDIA GPU, or it is not to be seen from here")
    if not absent:
        return
    if cards and not passed_over:
        yield DEVICES.warning(f"the GPU is not used: {absent}", _cure("cuda"))
    elif cards or built:
        yield DEVICES.note(f"no CUDA: {absent}", _cure("cuda"))


def _wished(settings: Settings) -> str:
    return settings.device.rpartition(":")[2]


def _cure(device: str) -> str:
    if device not in NVIDIA:
        return f"pip install '{requirement('openvino')}'"
    if not driver():
        return (
            "Install NVIDIA's driver. In a container: let it see the GPU (--gpus all, or the "
            "limit nvidia.com/gpu), by NVIDIA's container toolkit."
        )
    return (
        f"pip uninstall onnxruntime onnxruntime-gpu, then pip install '{requirement('cuda')}', "
        "which brings CUDA and cuDNN too; if it stays, NVIDIA's driver is too old for them."
    )

"""The device that was wished for -> the one that models run on."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import cast

from boxwright.device.providers import EXTRAS, FASTEST_FIRST, absence
from boxwright.settings import Device
from boxwright_contract.errors import BadSettings


@dataclass(frozen=True)
class DeviceChoice:
    """The device that models run on."""

    device: Device
    fallback: str = ""
    """Why it is not the one that was preferred. Empty: it is, or none was."""


def choose_device(ort: ModuleType, wish: str) -> DeviceChoice:
    """Return what to run on.

    Args:
        ort: onnxruntime, with its plugin providers registered.
        wish: auto: the fastest that is there; a device, or require: and a device: that one;
            prefer: and a device: that one, or else the fastest.

    Raises:
        BadSettings: The device is required, and cannot be used here.
    """
    if wish == "auto":
        return DeviceChoice(there(ort)[0])
    strength, _, name = wish.rpartition(":")
    device = cast("Device", name)
    problem = absence(ort, device)
    if not problem:
        return DeviceChoice(device)
    others = there(ort)
    if strength == "prefer":
        return DeviceChoice(
            others[0], f"{device} was preferred, but {problem}. Models run on {others[0]}."
        )
    raise BadSettings(
        f"BOXWRIGHT_DEVICE (--device) is '{wish}', but {problem}. This machine has only "
        f"{', '.join(others)}. Choose one of these, or pip install '{requirement(device)}'"
    )


def requirement(device: Device) -> str:
    """Return what to install for a device, as pip takes it."""
    return f"boxwright[{EXTRAS[device]}]"


def there(ort: ModuleType) -> Sequence[Device]:
    """Return the devices that can be used here, fastest first."""
    return [device for device in FASTEST_FIRST if not absence(ort, device)]

"""Everything that an operator can set, in one place: the environment first, options over it.

The field `max_batch` is the variable BOXWRIGHT_MAX_BATCH and the option --max-batch.
"""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from boxwright_contract.errors import BadSettings

PREFIX = "BOXWRIGHT_"
PACKAGED_MODELS = Path(__file__).parent / "models"

Device = Literal["auto", "cpu", "openvino", "cuda"]
LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True)
class Kind:
    """How a setting is read from text, and which values it may have."""

    parse: Callable[[str], Any]
    accepts: Callable[[Any], bool]
    allowed: str
    """For people: what it may be."""


Metadata = Mapping[str, Any]


def _text(meaning: str) -> Metadata:
    return {"kind": Kind(str, bool, "some text"), "meaning": meaning}


def _names(meaning: str) -> Metadata:
    return {"kind": Kind(str, lambda value: True, "names"), "meaning": meaning}


def _folder(meaning: str) -> Metadata:
    return {"kind": Kind(Path, Path.is_dir, "a folder that exists"), "meaning": meaning}


def _whole(low: int, high: int, meaning: str) -> Metadata:
    kind = Kind(int, lambda value: low <= value <= high, f"a whole number from {low} to {high}")
    return {"kind": kind, "meaning": meaning}


def _seconds(meaning: str) -> Metadata:
    kind = Kind(float, lambda value: 0 <= value < math.inf, "a number of seconds, 0 or more")
    return {"kind": kind, "meaning": meaning}


def _choice(literal: object, meaning: str) -> Metadata:
    choices = get_args(literal)
    kind = Kind(str, choices.__contains__, f"one of {', '.join(choices)}")
    return {"kind": kind, "meaning": meaning}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operator has set. Raises BadSettings for a value that cannot work."""

    host: str = field(
        default="127.0.0.1",
        metadata=_text("Address to listen on; 0.0.0.0 or [::] for every network."),
    )
    port: int = field(
        default=50051, metadata=_whole(0, 65535, "TCP port to listen on; 0 for any free one.")
    )
    models: Path = field(
        default=PACKAGED_MODELS,
        metadata=_folder("Folder of <name>/<version>/ with the models to serve."),
    )
    plugins_allow: str = field(
        default="*",
        metadata=_names(
            "Distributions that may bring plugins, besides boxwright, with commas between them; "
            "*: every one. Others are listed, and never imported."
        ),
    )
    device: Device = field(
        default="auto", metadata=_choice(Device, "What runs the models; auto: the fastest.")
    )
    threads: int = field(
        default=0,
        metadata=_whole(0, 1024, "Threads of one model run; 0: as many as there are cores."),
    )
    max_batch: int = field(default=4, metadata=_whole(1, 1024, "Most images in one model run."))
    max_requests: int = field(
        default=64, metadata=_whole(1, 100_000, "Most requests waiting or in work at once.")
    )
    max_message_bytes: int = field(
        default=16 << 20, metadata=_whole(1 << 10, 256 << 20, "Largest request, in bytes.")
    )
    max_pixels: int = field(
        default=1 << 26,
        metadata=_whole(1, 1_000_000_000, "Largest image, as height times width."),
    )
    max_proposals: int = field(
        default=4000, metadata=_whole(1, 100_000, "Most region proposals of one image.")
    )
    proposals_side_px: int = field(
        default=0,
        metadata=_whole(
            0, 65535, "Longest side of the image that regions are proposed on; 0: the model's own."
        ),
    )
    drain_delay_s: float = field(
        default=0.5,
        metadata=_seconds(
            "After SIGTERM, how long calls are still taken, for balancers to see NOT_SERVING."
        ),
    )
    drain_grace_s: float = field(
        default=30.0,
        metadata=_seconds(
            "After that, the most time for calls in flight to end; a model run or a proposal "
            "source in work is waited for."
        ),
    )
    log_level: LogLevel = field(
        default="info", metadata=_choice(LogLevel, "Least level that is logged.")
    )
    log_format: LogFormat = field(
        default="text", metadata=_choice(LogFormat, "Lines for people, or JSON for machines.")
    )

    def __post_init__(self) -> None:
        """Check every value against what it may be."""
        for name, kind in _kinds().items():
            value = getattr(self, name)
            if not kind.accepts(value):
                raise _refusal(name, value, kind)

    @classmethod
    def read(
        cls, environ: Mapping[str, str] = os.environ, **options: str | float | Path | None
    ) -> "Settings":
        """Return the settings of `environ`, and over them those `options` that are not None.

        Raises:
            BadSettings: A value cannot work; the message tells which, and what is allowed.
        """
        chosen: dict[str, Any] = {}
        for name, kind in _kinds().items():
            text = environ.get(variable(name))
            if text is not None:
                try:
                    chosen[name] = kind.parse(text)
                except ValueError as error:
                    raise _refusal(name, text, kind) from error
        chosen |= {name: value for name, value in options.items() if value is not None}
        return cls(**chosen)


def variable(name: str) -> str:
    """Return the environment variable of a setting.

    Example:
        >>> variable("max_batch")
        'BOXWRIGHT_MAX_BATCH'
    """
    return PREFIX + name.upper()


def option(name: str) -> str:
    """Return the command-line option of a setting.

    Example:
        >>> option("max_batch")
        '--max-batch'
    """
    return "--" + name.replace("_", "-")


def meaning(name: str) -> str:
    """Return what a setting is for, in a sentence."""
    return next(str(entry.metadata["meaning"]) for entry in fields(Settings) if entry.name == name)


def _kinds() -> dict[str, Kind]:
    return {entry.name: entry.metadata["kind"] for entry in fields(Settings)}


def _refusal(name: str, value: object, kind: Kind) -> BadSettings:
    return BadSettings(
        f"{variable(name)} ({option(name)}) is '{value}', which is not {kind.allowed}. Change it."
    )

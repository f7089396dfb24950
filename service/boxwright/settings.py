"""Everything that an operator can set, in one place: the environment first, options over it.

The field `max_batch` is the variable BOXWRIGHT_MAX_BATCH and the option --max-batch.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from boxwright import setting_kinds as kinds
from boxwright.setting_kinds import Kind
from boxwright_contract.errors import BadSettings

PREFIX = "BOXWRIGHT_"
PACKAGED_MODELS = Path(__file__).parent / "models"

Device = Literal["cpu", "openvino", "cuda", "tensorrt"]
DEVICE_WISH = r"auto|((require|prefer):)?(cpu|openvino|cuda|tensorrt)"
Precision = Literal["float32", "bfloat16", "int8"]
PrecisionWish = Literal["auto", "float32", "bfloat16", "int8"]
LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operator has set. Raises BadSettings for a value that cannot work."""

    host: str = field(
        default="127.0.0.1",
        metadata=kinds.text("Address to listen on; 0.0.0.0 or [::] for every network."),
    )
    port: int = field(
        default=50051, metadata=kinds.whole(0, 65535, "TCP port to listen on; 0 for any free one.")
    )
    health_port: int = field(
        default=0,
        metadata=kinds.whole(
            0, 65535, "A port for health calls alone, in plain text where TLS is on; 0: none."
        ),
    )
    metrics: bool = field(default=True, metadata=kinds.switch("Whether there are metrics."))
    metrics_port: int = field(
        default=0,
        metadata=kinds.whole(
            0, 65535, "Where Prometheus reads them; 0: the port after --port, or any."
        ),
    )
    tls_certificate: Path | None = field(
        default=None,
        metadata=kinds.file("PEM file with the server's certificate chain; turns TLS on."),
    )
    tls_key: Path | None = field(
        default=None, metadata=kinds.file("PEM file with the key of that certificate.")
    )
    tls_client_ca: Path | None = field(
        default=None,
        metadata=kinds.file("PEM file; only clients with a certificate signed by it may call."),
    )
    tokens: Path | None = field(
        default=None,
        metadata=kinds.file("TOML file of tokens and what each may call; turns tokens on."),
    )
    models: Path = field(
        default=PACKAGED_MODELS,
        metadata=kinds.folder("Folder of <name>/<version>/ with the models to serve."),
    )
    plugins_allow: str = field(
        default="*",
        metadata=kinds.names(
            "Distributions that may bring plugins, besides boxwright, with commas between them; "
            "*: every one. Others are listed, and never imported."
        ),
    )
    watch_s: float = field(
        default=2.0,
        metadata=kinds.seconds(
            "How often the folder of models is looked at for what came, changed or went; 0: never."
        ),
    )
    admin: bool = field(
        default=False,
        metadata=kinds.switch("Whether calls may load and unload models, and set aliases."),
    )
    device: str = field(
        default="auto",
        metadata=kinds.pattern(
            DEVICE_WISH,
            "auto, or cpu, openvino, cuda or tensorrt, with require: or prefer: before it",
            "What runs the models. auto: the fastest that is there; a name, or require:name: that "
            "or no start; prefer:name: that, or else the fastest, with a warning.",
        ),
    )
    precision: PrecisionWish = field(
        default="auto",
        metadata=kinds.choice(
            PrecisionWish,
            "Of the dense part of models. auto: the fastest whose measured accuracy is that of "
            "float32.",
        ),
    )
    threads: int = field(
        default=0,
        metadata=kinds.whole(0, 1024, "Threads of all model runs; 0: as many as there are cores."),
    )
    lanes: int = field(
        default=0,
        metadata=kinds.whole(
            0, 1024, "Model runs side by side, which share the threads; 0: what suits the device."
        ),
    )
    max_batch: int = field(
        default=0, metadata=kinds.whole(0, 1024, "Most images in one model run; 0: measured.")
    )
    batch_delay_ms: float | None = field(
        default=None,
        metadata=kinds.milliseconds(
            "The longest that an image waits for others to run with. Unset: what they can save."
        ),
    )
    warm_up_s: float = field(
        default=10.0,
        metadata=kinds.seconds("Most time to warm up all models of the start, or a later one."),
    )
    max_requests: int = field(
        default=64, metadata=kinds.whole(1, 100_000, "Most requests waiting or in work at once.")
    )
    timeout_s: float = field(
        default=120.0,
        metadata=kinds.seconds(
            "Most time for a request to come in, and again until its last run begins.", least=0.1
        ),
    )
    max_streams: int = field(
        default=32, metadata=kinds.whole(1, 100_000, "Most open streams of images.")
    )
    stream_window: int = field(
        default=8, metadata=kinds.whole(1, 1024, "Most images of one stream in work at once.")
    )
    connection_age_s: float = field(
        default=0.0,
        metadata=kinds.seconds("After how long a client is asked for a new connection; 0: never."),
    )
    max_message_bytes: int = field(
        default=16 << 20, metadata=kinds.whole(1 << 10, 256 << 20, "Largest request, in bytes.")
    )
    max_inside_bytes: int = field(
        default=256 << 20,
        metadata=kinds.whole(
            1 << 10, 1 << 40, "Most bytes of requests at once; one coming in counts as the largest."
        ),
    )
    max_pixels: int = field(
        default=1 << 26,
        metadata=kinds.whole(1, 1_000_000_000, "Largest image, as height times width."),
    )
    max_proposals: int = field(
        default=4000, metadata=kinds.whole(1, 100_000, "Most region proposals of one image.")
    )
    proposals_side_px: int = field(
        default=0,
        metadata=kinds.whole(
            0, 65535, "Longest side of the image that regions are proposed on; 0: the model's own."
        ),
    )
    drain_delay_s: float = field(
        default=0.5,
        metadata=kinds.seconds(
            "After SIGTERM, how long calls are still taken, for balancers to see NOT_SERVING."
        ),
    )
    drain_grace_s: float = field(
        default=30.0,
        metadata=kinds.seconds(
            "After that, the most time for calls in flight to end; a model run or a proposal "
            "source in work is waited for."
        ),
    )
    log_level: LogLevel = field(
        default="info", metadata=kinds.choice(LogLevel, "Least level that is logged.")
    )
    log_format: LogFormat = field(
        default="text", metadata=kinds.choice(LogFormat, "Lines for people, or JSON for machines.")
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

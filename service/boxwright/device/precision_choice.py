"""The precision that was wished for -> the one that a model runs in, as its accuracy allows."""

from collections.abc import Collection
from dataclasses import dataclass

from boxwright.settings import Device, Precision, PrecisionWish
from boxwright.shelf.bundle import Bundle
from boxwright_contract.errors import BadSettings
from boxwright_contract.precision_record import PrecisionRecord


@dataclass(frozen=True)
class PrecisionChoice:
    """What the dense part of a model is computed in."""

    precision: Precision
    has_graph: bool = False
    """Whether it is run from a graph of its own, and not the model's."""
    fallback: str = ""
    """Why it is not what was asked for. Empty: it is."""


def check_precision(wish: PrecisionWish, able: Collection[Precision], device: Device) -> None:
    """Refuse a precision that a device cannot compute in.

    Raises:
        BadSettings: It cannot.
    """
    if wish != "auto" and wish not in able:
        raise BadSettings(
            f"BOXWRIGHT_PRECISION (--precision) is '{wish}', but {device} here computes only in "
            f"{' and '.join(able)}. Choose one of these, or auto, or another device with --device."
        )


def choose_precision(
    bundle: Bundle, device: Device, able: Collection[Precision], wish: PrecisionWish
) -> PrecisionChoice:
    """Return what to compute a model in on `device`, which is able to compute in `able`.

    What its card does not offer, it does not run in: float32 takes its place.
    """
    measured = [
        record
        for record in bundle.card.precisions
        if record.device == device and record.precision in able
    ]
    if wish == "auto":
        offered = [record for record in measured if not record.refusal]
        return _of(max(offered, key=lambda record: record.speedup)) if offered else FLOAT32
    if wish == "float32":
        return FLOAT32
    for record in measured:
        if record.precision == wish:
            return _of(record) if not record.refusal else _instead(bundle, wish, record.refusal)
    return _instead(
        bundle,
        wish,
        f"its card has no measurement of that on {device}. Measure it with `boxwright precisions`",
    )


FLOAT32 = PrecisionChoice("float32")


def _of(record: PrecisionRecord) -> PrecisionChoice:
    return PrecisionChoice(record.precision, has_graph=bool(record.graph_sha256))


def _instead(bundle: Bundle, wish: str, reason: str) -> PrecisionChoice:
    return PrecisionChoice(
        "float32", fallback=f"{bundle} runs in float32 and not in {wish}: {reason}."
    )

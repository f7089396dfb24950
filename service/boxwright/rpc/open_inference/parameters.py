"""The parameters of a request."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

from boxwright.inference.open_inference_pb2 import InferParameter
from boxwright_contract.errors import LONGEST_QUOTE, BadInput

Form: TypeAlias = Literal["padded", "ragged"]

KINDS: Mapping[str, tuple[type, ...]] = {
    "score_threshold": (float, int),
    "max_detections": (int,),
    "classes": (str,),
    "output_form": (str,),
    "timeout": (int,),
}
"""What we take, and of which types."""

WITHOUT_EFFECT = ("sequence_id", "sequence_start", "sequence_end", "priority", "headers")
"""Of the protocol; every request stands for itself here, and none goes before another."""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What a request asks besides its tensors."""

    score_threshold: float | None = None
    max_detections: int | None = None
    classes: tuple[str, ...] = ()
    output_form: Form = "padded"
    timeout_s: float | None = None


def parameters(sent: Mapping[str, InferParameter]) -> Parameters:
    """Return the parameters of a request.

    Raises:
        BadInput: One is unknown, of a wrong type, or has no such value.
    """
    values = {
        name: _value(name, its)
        for name, its in sent.items()
        if name not in WITHOUT_EFFECT and not name.startswith(("triton_", "binary_data"))
    }
    threshold, most, timeout_us = map(values.get, ("score_threshold", "max_detections", "timeout"))
    form = values.get("output_form", "padded")
    if form not in get_args(Form):
        raise BadInput(
            f"the parameter output_form is '{_quoted(form)}'. Send padded or ragged, or leave it "
            "out."
        )
    return Parameters(
        score_threshold=None if threshold is None else float(threshold),
        max_detections=None if most is None else int(most),
        classes=tuple(filter(None, map(str.strip, str(values.get("classes", "")).split(",")))),
        output_form=cast(Form, form),
        timeout_s=int(timeout_us) / 1e6 if timeout_us else None,
    )


def _value(name: str, its: InferParameter) -> float | str:
    if name not in KINDS:
        nearest = difflib.get_close_matches(_quoted(name), KINDS, n=1)
        hint = f" Did you mean '{nearest[0]}'?" if nearest else ""
        raise BadInput(f"no parameter is named '{_quoted(name)}'.{hint} Known: {', '.join(KINDS)}.")
    which = its.WhichOneof("parameter_choice")
    value: float | str = "" if which is None else getattr(its, which)
    kinds = KINDS[name]
    if which is None or isinstance(value, bool) or not isinstance(value, kinds):
        wanted = "text" if str in kinds else "a number" if float in kinds else "a whole number"
        raise BadInput(f"the parameter {name} came as {which or 'nothing'}. Send it as {wanted}.")
    if name == "timeout" and isinstance(value, int) and value < 0:
        raise BadInput(f"the parameter timeout is {value}. Send microseconds, or leave it out.")
    return value


def _quoted(text: object) -> str:
    return str(text)[:LONGEST_QUOTE]

"""The device that models run on, and how a bundle gets ready there."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.device import cores
from boxwright.device.choice import choose_device, requirement
from boxwright.device.graph_check import Promise, Tensor, check_graph
from boxwright.device.model import Model, try_out
from boxwright.device.precision_choice import check_precision, choose_precision
from boxwright.device.providers import precisions, register_openvino
from boxwright.device.sessions import Sessions, placements
from boxwright.settings import Device, Precision, PrecisionWish
from boxwright.shelf.bundle import Bundle
from boxwright_contract.card import GRAPH_FILE
from boxwright_contract.errors import BadBundle, MissingInstall
from boxwright_contract.precision_record import graph_file

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, NodeArg

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Runtime:
    """The device that models run on."""

    sessions: Sessions
    able: tuple[Precision, ...]
    """What the device can compute the dense part of models in."""
    precision: PrecisionWish
    fallback: str = ""
    """Why models do not run on the device that was preferred. Empty: they do, or none was."""

    @classmethod
    def open(
        cls, device: str, threads: int = 0, lanes: int = 0, precision: PrecisionWish = "auto"
    ) -> Runtime:
        """Return the runtime for a device.

        Args:
            device: auto, or a device, or require: or prefer: and a device.
            threads: Of all runs of a model together; 0 means as many as there are cores.
            lanes: Runs of a model side by side; 0 means what suits the device.
            precision: Of the dense part of models; auto: the fastest that their cards offer.

        Raises:
            MissingInstall: ONNX Runtime is not installed.
            BadSettings: The device is required and not there, or cannot compute in `precision`.
        """
        try:
            import onnxruntime as ort
        except ModuleNotFoundError as error:
            raise MissingInstall(
                "ONNX Runtime is not installed, so no model can run. "
                f"pip install '{requirement('cpu')}'"
            ) from error
        ort.set_default_logger_severity(3)
        register_openvino(ort)
        chosen = choose_device(ort, device)
        if chosen.fallback:
            log.warning("%s", chosen.fallback)
        able = precisions(ort, chosen.device)
        check_precision(precision, able, chosen.device)
        threads = threads or cores.available()
        lanes = lanes or fitting_lanes(chosen.device, threads)
        sessions = Sessions(chosen.device, threads, lanes, ort)
        return cls(sessions, able, precision, chosen.fallback)

    @property
    def device(self) -> Device:
        """What models run on."""
        return self.sessions.device

    def load(self, bundle: Bundle) -> Model:
        """Return the model of a bundle, checked against its card and run once.

        Raises:
            BadBundle: The graph cannot be loaded, or is not what its card says.
        """
        chosen = choose_precision(bundle, self.device, self.able, self.precision)
        if chosen.fallback:
            log.warning("%s", chosen.fallback)
        graph = bundle.graph
        if chosen.has_graph and chosen.precision != "float32":
            graph = graph.with_name(graph_file(chosen.precision))
        # Proposals in chunks are one long run, which takes all threads whoever runs beside it.
        lanes = self.sessions.lanes if bundle.card.chunk is None else 1
        session = self._checked(bundle, graph, GRAPH_FILE, chosen.precision, lanes)
        alone = None
        if lanes > 1:
            alone = self._checked(bundle, graph, GRAPH_FILE, chosen.precision, 1)
        conclusion = None
        if bundle.conclusion is not None:
            its = bundle.conclusion
            conclusion = self._checked(bundle, its, its.name, "float32", 1)
        model = Model(
            bundle=bundle,
            session=session,
            alone=alone,
            conclusion=conclusion,
            placements=placements(each for each in (session, conclusion) if each is not None),
            precision=chosen.precision,
            lanes=lanes,
            fallback=" ".join(filter(None, (self.fallback, chosen.fallback))),
        )
        try_out(model)
        return model

    def _checked(
        self, bundle: Bundle, graph: Path, promised: str, precision: Precision, lanes: int
    ) -> InferenceSession:
        """Return the session of a graph that takes and gives what the card says of `promised`."""
        try:
            session = self.sessions.open(graph, precision, lanes)
        except Exception as error:
            raise BadBundle(
                f"ONNX Runtime cannot load {graph} on {self.device}: {error}. "
                "Export the model again, or choose another device with --device."
            ) from error
        found = Promise(_tensors(session.get_inputs()), _tensors(session.get_outputs()))
        check_graph(bundle, promised, found)
        return session


def fitting_lanes(device: Device, threads: int) -> int:
    """Return how many runs side by side keep a device busy.

    Example:
        >>> [fitting_lanes(device, threads=2) for device in ("cpu", "openvino", "cuda")]
        [2, 3, 1]
    """
    match device:
        case "cpu":
            return threads
        case "openvino":  # which has the run at hand that is one too many, when another ends
            return threads + 1 if threads > 1 else 1
    return 1


def _tensors(arguments: Sequence[NodeArg]) -> tuple[Tensor, ...]:
    return tuple(Tensor(each.name, each.type, tuple(each.shape)) for each in arguments)

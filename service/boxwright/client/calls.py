"""The client: one method for each question that a server answers."""

from collections.abc import Generator, Iterable, Sequence
from functools import cached_property, partial
from typing import Unpack

from boxwright.client import reading
from boxwright.client.admin_calls import AdminCalls
from boxwright.client.answers import Model, ModelSummary, Plugin, Result
from boxwright.client.asking import DetectOptions, ImageLike, detect_request
from boxwright.client.geometry_calls import GeometryCalls
from boxwright.client.proposals import ProposalsLike
from boxwright.client.requests import written
from boxwright.client.stream import WINDOW, Frame, ImageStream
from boxwright.v1 import catalog_pb2, catalog_pb2_grpc, detection_pb2_grpc
from boxwright_contract.errors import BadInput


class Client(AdminCalls, GeometryCalls):
    """A connection to all the servers that `address` names: calls go to those that answer.

    It may be shared by threads. Every method raises Unreachable where no server answers, and
    otherwise the error that the server raised, with the server's message.
    """

    @cached_property
    def _detection(self) -> detection_pb2_grpc.DetectionServiceStub:
        return detection_pb2_grpc.DetectionServiceStub(self._channel)

    @cached_property
    def _catalog(self) -> catalog_pb2_grpc.CatalogServiceStub:
        return catalog_pb2_grpc.CatalogServiceStub(self._channel)

    def detect(
        self,
        image: ImageLike,
        *,
        model: str = "",
        version: str = "",
        min_score: float | None = None,
        max_detections: int | None = None,
        classes: Sequence[str] = (),
        with_origins: bool = False,
        proposals: ProposalsLike | None = None,
        max_proposals: int | None = None,
        with_proposals: bool = False,
    ) -> Result:
        """Return the objects in `image`, best first.

        Args:
            image: The path of an image file, the bytes of one, or pixels (H, W, 3) uint8 RGB.
            model: Its name; may be empty where the server serves just one.
            version: Empty: the newest.
            min_score: Leave out what scores less, 0 to 1. None: the model's default.
            max_detections: Return at most this many. None: as many as the model can.
            classes: Return only these, by name. Empty: all.
            with_origins: Tell for each which cell it comes from, and what that cell sees.
            proposals: Where a model that needs proposals is to look: the name of a proposal
                source, `FromModel("name")`, or boxes (P, 4), best first. None: as its rule says.
            max_proposals: Use at most this many. None: the model's own limit.
            with_proposals: Tell the proposals that the model was given.

        Raises:
            BadInput: The image, the proposals or an option cannot be used.
            UnknownName: No such model, version, class or proposal source.
            Overloaded: The server is full, or the answer would come too late; it says when to try
                again.
        """
        request = detect_request(
            image,
            {
                "model": model,
                "version": version,
                "min_score": min_score,
                "max_detections": max_detections,
                "classes": classes,
                "with_origins": with_origins,
                "proposals": proposals,
                "max_proposals": max_proposals,
                "with_proposals": with_proposals,
            },
        )
        return reading.result(self._ask(self._detection.Detect, request))

    def detect_stream(
        self,
        images: Iterable[ImageLike],
        *,
        in_order: bool = True,
        window: int = WINDOW,
        **options: Unpack[DetectOptions],
    ) -> Generator[Frame, None, None]:
        """Yield what comes of each of `images`, while more of them go out.

        An image that fails is an error in its place, and the stream goes on. If the server goes,
        the stream is taken up by another, or by that one when it is back; no image is lost.
        `close()` of what is returned ends the stream.

        Args:
            images: As `detect` takes them. They are taken on another thread, as there is room.
            in_order: Whether answers come as the images did; otherwise, as they are ready.
            window: Most images that were taken from `images` and whose answers were not.
            options: Those of `detect`, for every image.

        Raises:
            BadInput: The window has no room for an image.
            Overloaded: The server has too many streams; it says when to try again.
            DeadlinePassed: For `timeout_s` no answer came, though one should have.
            Exception: What `images` raised, after the answers to those before.
        """
        if window < 1:
            raise BadInput(f"the window is {window}. Let at least 1 image be under way.")
        stream = ImageStream(
            partial(self._call, self._detection.DetectStream),
            images,
            options,
            in_order=in_order,
            window=window,
            address=self.address,
            timeout_s=self.timeout_s,
            retries=self.retries,
        )
        return stream.frames()

    def models(self) -> tuple[ModelSummary, ...]:
        """Return the models that are served, and those on disk that cannot be, with the reason."""
        answer = self._ask(self._catalog.ListModels, catalog_pb2.ListModelsRequest())
        return reading.summaries(answer)

    def model(self, name: str, version: str = "") -> Model:
        """Return all about one model, in its newest version unless told otherwise.

        Raises:
            UnknownName: No such model or version.
        """
        with written():
            request = catalog_pb2.GetModelRequest(model=name, version=version)
        return reading.model(self._ask(self._catalog.GetModel, request))

    def plugins(self) -> tuple[Plugin, ...]:
        """Return every plugin that the server found, the broken ones with their reason."""
        answer = self._ask(self._catalog.ListPlugins, catalog_pb2.ListPluginsRequest())
        return reading.plugins(answer)

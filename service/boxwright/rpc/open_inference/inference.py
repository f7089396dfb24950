"""One request for the objects in a batch of images."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from boxwright.answer import Answer
from boxwright.deadline import Deadline
from boxwright.inference.open_inference_pb2 import ModelInferRequest, ModelInferResponse
from boxwright.query import Query
from boxwright.rpc.open_inference.asked import queries
from boxwright.rpc.open_inference.lookup import Finds, find
from boxwright.rpc.open_inference.outputs import response, wanted
from boxwright.rpc.open_inference.parameters import parameters
from boxwright.rpc.open_inference.statistics import Statistics
from boxwright.rpc.open_inference.tensors import tensors
from boxwright_contract.errors import BadInput

Detect: TypeAlias = Callable[[Query], Awaitable[Answer]]


class Inference:
    """Answers requests of this protocol, image by image."""

    def __init__(
        self, detect: Detect, models: Finds, statistics: Statistics, most_images: int
    ) -> None:
        self._detect = detect
        self._models = models
        self._statistics = statistics
        self._most_images = most_images

    async def infer(
        self, request: ModelInferRequest, seconds_left: float | None
    ) -> ModelInferResponse:
        """Find the objects in each image of a request, of a caller that waits `seconds_left`.

        Raises:
            BadInput: A tensor, a parameter or an output cannot be used; or one of the images.
            UnknownName: No such model, version or class.
            Overloaded: There is no room for all the images now.
            DeadlinePassed: It was too late before an image ran.
        """
        started = time.perf_counter()
        bundle = find(self._models, request.model_name, request.model_version).bundle
        try:
            asked = parameters(request.parameters)
            makes = wanted(request, asked.output_form)
            deadline = Deadline.after(seconds_left)
            if asked.timeout_s is not None:
                deadline = deadline.within(asked.timeout_s)

            def read() -> list[Query]:
                return queries(request, tensors(request), asked, deadline, self._most_images)

            raw = bool(request.raw_input_contents)
            images = read() if raw else await asyncio.to_thread(read)  # typed: slow
            answers = await answer_all(self._detect, images)
            found_at = time.perf_counter()
            told = response(request, answers, makes)
        except BaseException:
            self._statistics.failed(bundle, time.perf_counter() - started)
            raise
        now = time.perf_counter()
        self._statistics.succeeded(answers, now - started, now - found_at)
        return told


async def answer_all(detect: Detect, images: Sequence[Query]) -> list[Answer]:
    """Answer all images side by side; the first that fails ends the others.

    Raises:
        BadInput: It names the image, if there are several.
    """

    async def one(index: int, image: Query) -> Answer:
        try:
            return await detect(image)
        except BadInput as error:
            if len(images) == 1:
                raise
            raise type(error)(f"image {index} of {len(images)}, from 0: {error}") from error

    tasks = [asyncio.create_task(one(*image)) for image in enumerate(images)]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        del task, tasks  # or an error would hold this frame, which would hold the error

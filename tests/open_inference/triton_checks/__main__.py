"""Asks a server as users of tritonclient do, and prints what it was told, as JSON.

tritonclient and the server name their messages alike, so that one process cannot hold both.

    python -m tests.open_inference.triton_checks ADDRESS ADDRESS_WITHOUT_ADMIN MODELS
"""

import json
import sys
from functools import partial
from pathlib import Path

import tritonclient.grpc as triton
from tests.open_inference.triton_checks import of_images, of_models, of_refusals
from tests.open_inference.triton_checks.asking import CHECKS, outcome
from tests.open_inference.triton_checks.of_the_repository import lifecycle, without_admin

TOPICS = (of_images, of_models, of_refusals)
"""Whose checks are in CHECKS, beside those of the repository."""


def main(address: str, plain_address: str, models: str) -> None:
    with triton.InferenceServerClient(address) as client:
        answers = {name: outcome(partial(ask, client)) for name, ask in CHECKS.items()}
        answers["side_by_side"] = of_images.side_by_side(address)
        answers["lifecycle"] = lifecycle(client, Path(models))
    with triton.InferenceServerClient(plain_address) as client:
        answers["without_admin"] = without_admin(client)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])

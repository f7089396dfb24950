"""Asks each of some servers all of CHECKS, and prints what they told, as JSON.

python -m tests.open_inference.triton_checks.each ADDRESS...
"""

import json
import sys
from functools import partial

import tritonclient.grpc as triton
from tests.open_inference.triton_checks import of_images, of_models, of_refusals
from tests.open_inference.triton_checks.asking import CHECKS, outcome

TOPICS = (of_images, of_models, of_refusals)
"""Whose checks are in CHECKS."""


def main(*addresses: str) -> None:
    told = {}
    for address in addresses:
        with triton.InferenceServerClient(address) as client:
            told[address] = {name: outcome(partial(ask, client)) for name, ask in CHECKS.items()}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What Ray Serve deploys: `import_path: boxwright.ray_serve.app:app`."""

import os
from collections.abc import Mapping
from typing import Any

from boxwright.ray_serve.replica import Replica
from boxwright.ray_serve.told import replica_settings
from boxwright.transport import MOST_CALLS_OF_A_CONNECTION
from boxwright_contract.errors import BadSettings

NAME = "boxwright"


def app(args: Mapping[str, str]) -> Any:  # noqa: ANN401  An Application of Serve's.
    """Return the application. A replica's settings are the BOXWRIGHT_ variables of its environment.

    Raises:
        BadSettings: There are arguments, which would be without effect, or a setting cannot work.
    """
    if args:
        raise BadSettings(
            f"the application has args {', '.join(args)}, and takes none. Set BOXWRIGHT_ variables "
            "in runtime_env.env_vars."
        )
    from ray import serve

    settings = replica_settings(os.environ, cores=1)
    # Serve holds back what is over this, without a word. More comes in than a replica takes, so
    # that it can refuse the rest itself, with the reason and the time to come back.
    most = settings.max_requests + settings.max_streams + MOST_CALLS_OF_A_CONNECTION
    return serve.deployment(name=NAME, max_ongoing_requests=most)(Replica).bind()

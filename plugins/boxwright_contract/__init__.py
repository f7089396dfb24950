"""All that a plugin may import: hooks, parts, errors, and the pixels' rules.

A plugin is a module that answers one or more of the hooks in `boxwright_contract.hookspecs`
and is named under the `boxwright` entry-point group of its distribution:

    # pyproject.toml
    [project.entry-points.boxwright]
    my_backbone = "my_package.my_module"

    # my_package/my_module.py
    from boxwright_contract.hookspecs import hookimpl
    from boxwright_contract.parts import Backbone, Level, Preprocessing

    @hookimpl
    def boxwright_backbones() -> list[Backbone]:
        return [Backbone(name="my_backbone", levels=..., preprocessing=..., build=..., source=...)]

A plugin hands over frozen values and functions, never a subclass. It imports torch only inside
its functions, because the server loads plugins and never loads torch.
"""

import os

CONTRACT_VERSION = 1

# onnxruntime's Linux wheels send telemetry by default since 1.29, and read this variable once,
# at import. Every package of Boxwright imports this one first, so it is set in time.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# What OpenCV finds wrong with a file is told to who sent it, and is no news for the server's log.
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

"""The built-in plugins: one file, one plugin, found through the same door as a stranger's."""

import boxwright_contract  # noqa: F401  (its first import settles the environment)

"""Training, evaluation and export. Torch lives here; nothing that serves imports this package."""

import boxwright_contract  # noqa: F401  (its first import settles the environment)

"""What a training run is for: what must stay the same where it is resumed."""

from dataclasses import dataclass, replace

from boxwright_contract.errors import BadSettings
from boxwright_workshop.recipe import Recipe, Schedule


@dataclass(frozen=True, kw_only=True)
class Task:
    """A recipe, and the size of what it is trained on."""

    recipe: Recipe
    classes: tuple[str, ...]
    photos: int
    """How many there are to learn from."""

    @property
    def steps_of_epoch(self) -> int:
        """Batches in which each photo is seen; the last one is filled up with the first ones."""
        return -(-self.photos // self.recipe.schedule.batch)

    @property
    def steps(self) -> int:
        """Batches of the whole run."""
        return self.steps_of_epoch * self.recipe.schedule.epochs

    def check_resumes(self, earlier: "Task", done: int) -> None:
        """Refuse to go on with a run that was for something else, or that has ended.

        The number of epochs, the learning rates and the like may change; the batch may not.

        Args:
            earlier: What the run was started for.
            done: Its steps so far.

        Raises:
            BadSettings: Naming what differs.
        """
        ours, theirs = _lasting(self), _lasting(earlier)
        differing = [name for name in ours if ours[name] != theirs[name]]
        if differing:
            raise BadSettings(
                f"the run was started with other {', '.join(differing)}. Resume it with the "
                "recipe, options and data it was started with, or name another folder."
            )
        if done >= self.steps:
            raise BadSettings(
                f"the run has done {done // self.steps_of_epoch} epochs, and "
                f"{self.recipe.schedule.epochs} are asked for. Ask for more with --epochs."
            )


def _lasting(task: Task) -> dict[str, object]:
    recipe = replace(task.recipe, schedule=Schedule())
    return {
        **vars(recipe),
        "batch": task.recipe.schedule.batch,
        "classes": task.classes,
        "number of photos": task.photos,
    }

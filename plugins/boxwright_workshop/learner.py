"""A network with its optimiser and the running average of its weights: one step, saved, restored.

Sources: AdamW, Loshchilov & Hutter 2019 (arXiv:1711.05101); cosine decay, the same authors 2017
(arXiv:1608.03983); averaged weights, Polyak & Juditsky 1992.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import torch
from safetensors import safe_open
from torch import Tensor, nn

from boxwright_contract.errors import BadSettings, BadWeights
from boxwright_contract.parts import Losses, StateDict
from boxwright_workshop.checkpoint import packed, replace_files
from boxwright_workshop.network import body_of
from boxwright_workshop.task import Task
from boxwright_workshop.weights import read_state


class Learner:
    """What changes while a network is trained."""

    def __init__(self, net: nn.Module, task: Task) -> None:
        self.net = net
        self.task = task
        self.schedule = task.recipe.schedule
        self.step = 0
        self.best = -1.0
        """The highest average precision so far."""
        body = {id(parameter) for parameter in body_of(net).parameters()}
        learning = [p for p in net.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in learning if id(p) not in body]},
            {"params": [p for p in learning if id(p) in body]},
        ]
        self.rates = (self.schedule.learning_rate, self.schedule.backbone_learning_rate)
        self.optimizer = torch.optim.AdamW(groups, weight_decay=self.schedule.weight_decay)
        self.average = {key: value.detach().clone() for key, value in self._learning().items()}

    def learn(self, losses: Losses) -> float:
        """Take one step down the sum of `losses`, and return it.

        Raises:
            BadSettings: The loss or its gradient is not finite; the weights were not changed.
        """
        factor = self._rate_factor()
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor
        total = torch.stack(list(losses.values())).sum()
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        norm = nn.utils.clip_grad_norm_(self.net.parameters(), self.schedule.clip_norm)
        if not torch.isfinite(total + norm):
            parts = ", ".join(f"{name} {loss.item():g}" for name, loss in losses.items())
            if not self.step:
                raise BadSettings(
                    f"what the network gives is not finite before any step was taken: {parts}; the "
                    f"gradient's norm is {norm.item():g}. See what is wrong with the backbone: "
                    f"boxwright plugins check {self.task.recipe.backbone}"
                )
            raise BadSettings(
                f"the training diverged at step {self.step}: {parts}; the gradient's norm is "
                f"{norm.item():g}. Lower the learning rates in the recipe, or raise its "
                "warm_up_steps, and go on with --resume."
            )
        self.optimizer.step()
        self.step += 1
        keep = min(self.schedule.averaging, self.step / (self.step + 10))
        with torch.no_grad():
            for key, value in self._learning().items():
                self.average[key].lerp_(value, 1 - keep)
        return total.item()

    @contextmanager
    def averaged(self) -> Iterator[nn.Module]:
        """Lend the network with the averaged weights in it."""
        own = {key: value.detach().clone() for key, value in self._learning().items()}
        self._put(self.average)
        try:
            yield self.net
        finally:
            self._put(own)

    def save(self, file: Path) -> None:
        """Write all that `restore` needs, to one file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        state = {f"net.{k}": v for k, v in self.net.state_dict().items()}
        state |= {f"average.{k}": v for k, v in self.average.items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            state |= {f"optimizer.{index}.{name}": value for name, value in moments.items()}
        metadata = {
            "step": str(self.step),
            "best": str(self.best),
            "task": msgspec.json.encode(self.task).decode(),
        }
        replace_files({file: packed(state, metadata)})

    def restore(self, file: Path) -> None:
        """Go on from what `save` wrote.

        Raises:
            BadSettings: That was another task, or it is done.
            BadWeights: The file is damaged, or something else.
        """
        state = read_state(file)
        with safe_open(file, framework="pt") as opened:
            metadata = opened.metadata() or {}
        if "task" not in metadata:
            raise BadWeights(
                f"{file} is not the state of a run, or that of another Boxwright. Start a new run "
                "in another folder."
            )
        self.step, self.best = int(metadata["step"]), float(metadata["best"])
        self.task.check_resumes(msgspec.json.decode(metadata["task"], type=Task), self.step)
        self.net.load_state_dict(_below("net", state))
        for key, value in _below("average", state).items():
            self.average[key].copy_(value)
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in _below("optimizer", state).items():
            index, name = key.split(".", 1)
            moments.setdefault(int(index), {})[name] = value
        whole = self.optimizer.state_dict()
        self.optimizer.load_state_dict({**whole, "state": moments})

    def _rate_factor(self) -> float:
        warm = min(1.0, (self.step + 1) / max(1, self.schedule.warm_up_steps))
        return warm * 0.5 * (1 + math.cos(math.pi * self.step / self.task.steps))

    def _learning(self) -> dict[str, Tensor]:
        state = {**dict(self.net.named_parameters()), **dict(self.net.named_buffers())}
        return {
            k: v
            for k, v in state.items()
            if v.is_floating_point() and (v.requires_grad or not isinstance(v, nn.Parameter))
        }

    @torch.no_grad()
    def _put(self, values: dict[str, Tensor]) -> None:
        for key, value in self._learning().items():
            value.copy_(values[key])


def _below(prefix: str, state: StateDict) -> dict[str, Tensor]:
    return {
        key.removeprefix(f"{prefix}."): value
        for key, value in state.items()
        if key.startswith(f"{prefix}.")
    }

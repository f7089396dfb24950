"""A network with its optimiser and the running average of its weights: one step, saved, restored.

Sources: AdamW, Loshchilov & Hutter 2019 (arXiv:1711.05101); cosine decay, the same authors 2017
(arXiv:1608.03983); averaged weights, Polyak & Juditsky 1992.
"""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from boxwright_contract.errors import BadWeights
from boxwright_contract.parts import Losses
from boxwright_workshop.checkpoint import write_tensors
from boxwright_workshop.network import body_of
from boxwright_workshop.recipe import Recipe

TENSORS, RECORD = "state.safetensors", "state.json"


class Learner:
    """What changes while a network is trained."""

    def __init__(self, net: nn.Module, recipe: Recipe, steps: int) -> None:
        self.net = net
        self.schedule = recipe.schedule
        self.seed = recipe.seed
        self.steps = steps
        self.step = 0
        self.best = -1.0
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
            BadWeights: The loss is not a number; nothing was changed.
        """
        total = torch.stack(list(losses.values())).sum()
        if not torch.isfinite(total):
            parts = {name: loss.item() for name, loss in losses.items()}
            raise BadWeights(
                f"the loss is not a number at step {self.step}: {parts}. Resume from the last "
                "checkpoint with a lower learning rate."
            )
        factor = self._rate_factor()
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), self.schedule.clip_norm)
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
        yield self.net
        self._put(own)

    def save(self, folder: Path) -> None:
        """Write all that `restore` needs."""
        folder.mkdir(parents=True, exist_ok=True)
        state = {f"net.{k}": v for k, v in self.net.state_dict().items()}
        state |= {f"average.{k}": v for k, v in self.average.items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            state |= {f"optimizer.{index}.{name}": value for name, value in moments.items()}
        write_tensors(folder / TENSORS, state)
        (folder / RECORD).write_text(json.dumps({"step": self.step, "best": self.best}))

    def restore(self, folder: Path) -> None:
        """Go on from what `save` wrote."""
        state = load_file(folder / TENSORS)
        self.net.load_state_dict(_below("net", state))
        self.average = _below("average", state)
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in _below("optimizer", state).items():
            index, name = key.split(".", 1)
            moments.setdefault(int(index), {})[name] = value
        whole = self.optimizer.state_dict()
        self.optimizer.load_state_dict({**whole, "state": moments})
        record = json.loads((folder / RECORD).read_text())
        self.step, self.best = record["step"], record["best"]

    def _rate_factor(self) -> float:
        warm = min(1.0, (self.step + 1) / max(1, self.schedule.warm_up_steps))
        return warm * 0.5 * (1 + math.cos(math.pi * self.step / self.steps))

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


def _below(prefix: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        key.removeprefix(f"{prefix}."): value
        for key, value in state.items()
        if key.startswith(f"{prefix}.")
    }

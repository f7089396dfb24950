"""One step of training, and what can go wrong in it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from boxwright_contract.errors import BadSettings, UnknownName
from boxwright_workshop import network
from boxwright_workshop.checkpoint import replace_files
from boxwright_workshop.learner import Learner
from boxwright_workshop.recipe import Recipe
from boxwright_workshop.task import Task


@pytest.fixture
def learner(small: Recipe) -> Learner:
    net = network.build(small, 2, trained=False)
    network.freeze(net, small)
    return Learner(net, Task(recipe=small, classes=("blue", "orange"), photos=8))


def one_of(net: nn.Module) -> Tensor:
    """A parameter that learns."""
    return net.get_parameter("rpn.head.cls_logits.weight")


DIVERGING: dict[str, Callable[[Tensor], Tensor]] = {
    "a loss that is not a number": lambda x: x.sum() * torch.nan,
    "an infinite loss": lambda x: x.sum() + torch.inf,
    "a gradient that is not a number": lambda x: (x.sum() * 0).sqrt(),
}


@pytest.mark.parametrize("loss", DIVERGING.values(), ids=DIVERGING)
def test_a_step_that_diverges_is_not_taken(
    learner: Learner, loss: Callable[[Tensor], Tensor]
) -> None:
    learner.learn({"fine": one_of(learner.net).square().sum()})
    before = {key: value.clone() for key, value in learner.net.state_dict().items()}
    with pytest.raises(BadSettings, match=r"diverged at step 1: odd .* Lower the learning rates"):
        learner.learn({"odd": loss(one_of(learner.net))})
    assert learner.step == 1
    assert all(before[key].equal(value) for key, value in learner.net.state_dict().items())


def test_before_any_step_the_backbone_is_doubted_and_not_the_rates(learner: Learner) -> None:
    with pytest.raises(BadSettings, match="not finite before any step was taken: odd nan") as told:
        learner.learn({"odd": one_of(learner.net).sum() * torch.nan})
    assert str(told.value).endswith("boxwright plugins check efficientnet_lite0")


def test_the_rate_warms_up_and_ends_near_0(learner: Learner) -> None:
    rates = []
    for _ in range(learner.task.steps):
        learner.learn({"loss": one_of(learner.net).square().sum()})
        rates.append([group["lr"] for group in learner.optimizer.param_groups])
    schedule = learner.schedule
    assert learner.task.steps == 4
    assert schedule.warm_up_steps == 2
    shares = [neck / schedule.learning_rate for neck, _ in rates]
    assert shares == pytest.approx([0.5, 0.85355, 0.5, 0.14645], abs=1e-4)
    assert [body / schedule.backbone_learning_rate for _, body in rates] == pytest.approx(shares)


def test_the_own_weights_come_back_after_the_average_was_lent(learner: Learner) -> None:
    for _ in range(2):
        learner.learn({"loss": one_of(learner.net).square().sum()})
    own = one_of(learner.net).clone()
    with suppress(KeyboardInterrupt), learner.averaged() as net:
        assert not one_of(net).equal(own)
        raise KeyboardInterrupt
    assert one_of(learner.net).equal(own)


def test_what_is_frozen_does_not_change(learner: Learner) -> None:
    names = {name for name, value in learner.net.named_parameters() if not value.requires_grad}
    before = {name: learner.net.get_parameter(name).clone() for name in names}
    whole = sum(parameter.sum() for parameter in learner.net.parameters())
    assert isinstance(whole, Tensor)
    learner.learn({"loss": whole.square()})
    assert "backbone.body.net.conv_stem.weight" in names
    assert "backbone.body.net.blocks.2.0.conv_pwl.weight" in names  # C3 ends in this stage
    assert "backbone.body.net.blocks.3.0.conv_dw.weight" in names  # depthwise
    assert "backbone.body.net.blocks.3.0.conv_pwl.weight" not in names
    assert all(learner.net.get_parameter(name).equal(before[name]) for name in names)


def test_a_level_to_freeze_that_is_not_there_is_refused(small: Recipe) -> None:
    net = network.build(small, 2, trained=False)
    with pytest.raises(UnknownName, match="no level of efficientnet_lite0 named 'C9'"):
        network.freeze(net, replace(small, freeze="C9"))


def test_files_are_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    replace_files({one: b"old", other: b"old"})
    (tmp_path / "other.part").mkdir()  # cannot be written
    with pytest.raises(IsADirectoryError):
        replace_files({one: b"new", other: b"new"})
    assert (one.read_bytes(), other.read_bytes()) == (b"old", b"old")

"""Fully connected layers of low rank."""

import copy

import numpy as np
import torch

from boxwright_plugins.nets.low_rank import TruncatedLinear, truncated


def layer(rank: int, inputs: int = 30, outputs: int = 20) -> TruncatedLinear:
    torch.manual_seed(0)
    return TruncatedLinear(inputs, outputs, rank)


def test_no_matrix_of_that_rank_is_nearer_to_the_weights() -> None:
    weight = layer(7).weight.detach()
    down, up = truncated(weight, 7)
    assert (down.shape, up.shape) == ((7, 30), (20, 7))
    values = np.linalg.svd(weight.numpy(), compute_uv=False)
    lost = float(torch.linalg.norm(weight - up @ down))
    np.testing.assert_allclose(lost, np.sqrt((values[7:] ** 2).sum()), rtol=1e-5)


def test_with_every_singular_value_it_is_the_whole_layer() -> None:
    full, x = layer(20), torch.randn(50, 30)
    torch.testing.assert_close(full.eval()(x), full.train()(x), rtol=1e-5, atol=1e-5)


def test_it_is_whole_while_it_trains_and_all_its_weights_learn() -> None:
    low, whole = layer(3), torch.nn.Linear(30, 20)
    whole.load_state_dict(low.state_dict())
    x = torch.randn(50, 30)
    assert torch.equal(low.train()(x), whole(x))
    assert not torch.allclose(low.eval()(x), whole(x))
    low.train()(x).sum().backward()
    assert all(parameter.grad is not None for parameter in low.parameters())


def test_it_follows_its_weights_when_they_change() -> None:
    low, x = layer(3).eval(), torch.randn(50, 30)
    with torch.inference_mode():
        before = low(x)
    twin = copy.deepcopy(low)
    with torch.no_grad():
        twin.weight.mul_(2)
    twice = twin(x) - twin.bias
    torch.testing.assert_close(twice, 2 * (before - low.bias), rtol=1e-5, atol=1e-5)
    twin.load_state_dict(low.state_dict())
    assert torch.equal(twin(x), low(x))

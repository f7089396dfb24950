from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadWeights, UnknownName
from boxwright_contract.parts import Weights
from boxwright_plugins.nets.same_padding import ConvSame
from boxwright_workshop.weights import load_into, load_strictly, named, read_state


def lite0_weights() -> tuple[nn.Module, Weights]:
    backbone = Catalog.installed().backbone("efficientnet_lite0")
    return backbone.build(), named(backbone, "imagenet")


def test_imagenet_weights_of_efficientnet_lite0_load_strictly() -> None:
    net, weights = lite0_weights()
    before = net.state_dict()["net.conv_stem.weight"].clone()
    load_into(net, weights)
    assert not torch.equal(net.state_dict()["net.conv_stem.weight"], before)


def test_constant_padding_gives_what_timm_gives_on_multiples_of_the_stride() -> None:
    import timm

    net, weights = lite0_weights()
    load_into(net, weights)
    theirs = timm.create_model(
        "tf_efficientnet_lite0", features_only=True, out_indices=(1, 2, 3, 4)
    )
    theirs.load_state_dict({k.removeprefix("net."): v for k, v in net.state_dict().items()})
    assert sum(isinstance(module, ConvSame) for module in net.modules()) == 5
    pixels = torch.randn(1, 3, 96, 160)
    with torch.no_grad():
        pairs = zip(net.eval()(pixels).values(), theirs.eval()(pixels), strict=True)
        assert all(torch.equal(mine, other) for mine, other in pairs)


def test_an_altered_file_is_refused_with_both_digests(tmp_path: Path) -> None:
    net, weights = lite0_weights()
    altered = tmp_path / "altered.pth"
    altered.write_bytes(weights.locate().read_bytes() + b"x")
    with pytest.raises(BadWeights, match=f"has SHA-256 .* begins with {weights.sha256}"):
        load_into(net, replace(weights, locate=lambda: altered))


def test_the_first_digits_of_a_digest_are_compared_where_no_more_are_known() -> None:
    net, weights = lite0_weights()
    load_into(net, replace(weights, sha256=weights.sha256[:8]))
    with pytest.raises(BadWeights, match=r"is or begins with 01234567\."):
        load_into(net, replace(weights, sha256="01234567"))


def test_tensors_that_do_not_fit_are_named(tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    save_file({"weight": torch.zeros(2, 2), "extra": torch.zeros(1)}, file)
    with pytest.raises(BadWeights) as caught:
        load_strictly(nn.Linear(3, 2), read_state(file), "w.safetensors")
    told = str(caught.value)
    assert "3 of 3 tensors" in told
    assert "weight: (2, 2) where (2, 3) belongs" in told
    assert "bias: absent where (2,) belongs" in told


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "evil.pth"
    torch.save(nn.Linear(1, 1), file)
    with pytest.raises(BadWeights, match="holds more than tensors"):
        read_state(file)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("length", [0, 10, 600, -30])
def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, suffix: str, length: int) -> None:
    file = tmp_path / f"weights{suffix}"
    state = {"weight": torch.zeros(1000)}
    save_file(state, file) if suffix == ".safetensors" else torch.save(state, file)
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(BadWeights, match="cannot be read as a weights file"):
        read_state(file)


@pytest.mark.parametrize("content", [[torch.zeros(1)], {"model": {"weight": torch.zeros(1)}}])
def test_a_file_without_a_state_dict_is_refused(tmp_path: Path, content: object) -> None:
    file = tmp_path / "weights.pth"
    torch.save(content, file)
    with pytest.raises(BadWeights, match="holds no state dict"):
        read_state(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadWeights, match=r"no weights file at .*gone\.pth"):
        read_state(tmp_path / "gone.pth")


def test_unknown_weights_name_those_there_are() -> None:
    backbone = Catalog.installed().backbone("efficientnet_lite0")
    with pytest.raises(UnknownName, match="Did you mean 'imagenet'"):
        named(backbone, "imagnet")

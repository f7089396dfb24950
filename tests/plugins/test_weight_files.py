"""Weight files come from the user's folder, else from their publisher; else an error says how."""

from pathlib import Path

import pytest
import torchvision

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadSettings, BadWeights
from boxwright_contract.parts import Weights
from boxwright_plugins.weight_files import found, from_address

SETTING = "BOXWRIGHT_WEIGHTS"
NOWHERE = "https://nowhere.invalid/tiny-01234567.pth"  # a name that no network knows


def weights(name: str) -> Weights:
    """Return the first weights of a backbone."""
    return Catalog.installed().backbone(name).weights[0]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("resnet18", "resnet18-f37072fd.pth"),
        ("xception", "xception-43020ad28.pth"),
        ("mobilenet_v1", "mobilenetv1_100.ra4_e3600_r224_in1k.safetensors"),
        ("timm:resnet18", "resnet18.a1_in1k.safetensors"),
    ],
)
def test_a_file_in_the_folder_is_taken_from_there(
    name: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / file).touch()
    monkeypatch.setenv(SETTING, str(tmp_path))
    assert weights(name).locate() == tmp_path / file


def test_a_file_in_torchs_cache_is_taken_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    file = cache / Path(torchvision.models.ResNet18_Weights.IMAGENET1K_V1.url).name
    file.touch()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv(SETTING, raising=False)
    assert weights("resnet18").locate() == file


def test_without_a_network_the_error_names_the_file_the_address_and_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv(SETTING, str(tmp_path))
    with pytest.raises(BadWeights) as caught:
        from_address(NOWHERE)
    said = str(caught.value)
    assert f"tiny-01234567.pth is not in {tmp_path}, and cannot be downloaded from" in said
    assert NOWHERE in said
    assert "set BOXWRIGHT_WEIGHTS to that folder" in said


def test_without_the_setting_the_error_says_that_it_is_not_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(SETTING, raising=False)

    def fetch() -> Path:
        raise TimeoutError("too slow")

    with pytest.raises(
        BadWeights, match=r"tiny\.pth is in no folder, for BOXWRIGHT_WEIGHTS is not "
    ):
        found("tiny.pth", NOWHERE, fetch)


def test_a_setting_that_is_no_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, str(tmp_path / "absent"))
    with pytest.raises(BadSettings, match=r"BOXWRIGHT_WEIGHTS is '.*absent', which is no folder"):
        weights("resnet18").locate()

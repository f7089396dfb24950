"""A model's name is a folder's, on every operating system."""

import pytest

from boxwright_contract.errors import BadSettings
from boxwright_contract.model_name import as_model_name, check_model_name


@pytest.mark.parametrize("name", ["people", "m", "_", "Cards_2.v1-fast", "vögel", "9"])
def test_letters_digits_and_three_signs_make_a_name(name: str) -> None:
    check_model_name(name)
    assert as_model_name(name) == name


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("timm:resnet18", "timm-resnet18"),
        ("a/b", "a-b"),
        (r"a\b", "a-b"),
        ("my model", "my-model"),
        ("../up", "up"),
        (".hidden", "hidden"),
        ("ends.", "ends"),
        ("what?\n", "what"),
    ],
)
def test_what_some_system_cannot_call_a_folder_is_refused_with_a_name_that_works(
    name: str, near: str
) -> None:
    with pytest.raises(BadSettings, match=rf"cannot name a model.* Try '{near}'\.") as caught:
        check_model_name(name)
    assert str(caught.value).startswith(f"'{name}'")
    check_model_name(near)


@pytest.mark.parametrize("name", ["", "..", ":"])
def test_where_nothing_can_be_kept_nothing_is_proposed(name: str) -> None:
    with pytest.raises(BadSettings, match=r"no dot last\.$"):
        check_model_name(name)

from dataclasses import replace
from pathlib import Path

import pytest

from boxwright_contract.errors import BadSettings, UnknownName
from boxwright_workshop import network
from boxwright_workshop.recipe import Augmentation, Recipe, changed, load, parse


def test_the_recipe_of_the_embedded_model_ships() -> None:
    recipe = load("people")
    assert (recipe.detector, recipe.backbone) == ("faster_rcnn", "efficientnet_lite0")
    assert recipe.input.divisor == 32


def test_a_recipe_can_be_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("seed = 7\n[schedule]\nepochs = 3\n")
    recipe = load(str(file))
    assert (recipe.seed, recipe.schedule.epochs) == (7, 3)


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'people'"):
        load("poeple")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seed =", "is not TOML"),
        ("sed = 1", "no field 'sed'. Did you mean 'seed'"),
        ("[schedule]\nepoch = 2", "no field 'epoch'. Did you mean 'epochs'"),
        ("seed = 'one'", r"Expected `int`, got `str` - at `\$.seed`"),
        ("seed = -1", r"Expected `int` >= 0 - at `\$.seed`, where -1 stands\. Mend"),
        ("[schedule]\nbatch = 0", r"Expected `int` >= 1 - at `\$.schedule.batch`"),
        ("[augmentation]\nscale = [0, 1]", r"Expected `float` > 0.0 - at `\$.augmentation.scale"),
        ("[augmentation]\ncolour = 2", r"Expected `float` <= 1.0 - at `\$.augmentation.colour`"),
    ],
)
def test_a_bad_recipe_names_the_field(text: str, told: str) -> None:
    with pytest.raises(BadSettings, match=told):
        parse(text, "mine.toml")


def test_options_of_the_command_line_go_before_the_recipe() -> None:
    recipe = changed(Recipe(seed=3), backbone="resnet50", options=["head_channels=64"], epochs=5)
    assert (recipe.backbone, recipe.seed, recipe.schedule.epochs) == ("resnet50", 3, 5)
    assert recipe.options == {"head_channels": 64}


def test_an_option_that_is_not_json_is_refused() -> None:
    with pytest.raises(BadSettings, match="not KEY=VALUE with a value in JSON"):
        changed(Recipe(), options=["head_channels"])
    with pytest.raises(BadSettings, match=r"""or 'pooling="max"'\. Mend it"""):
        changed(Recipe(), options=["suppression=greedy"])


def test_an_option_that_the_detector_lacks_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadSettings, match=r"no field 'proposal'\. Did you mean 'proposals'"):
        network.build(changed(Recipe(), options=["proposal=3"]), 1, trained=False)


def test_options_that_another_detector_lacks_are_told_apart_from_mistyped_ones() -> None:
    trained = network.settled(load("blood_cells_fast_rcnn"))
    with pytest.raises(BadSettings, match=r"of rpn: no field 'pooling'\. .* are of fast_rcnn and"):
        network.adapted(trained, "rpn", ["min_score=0.1"])
    with pytest.raises(BadSettings, match=r"of fast_rcnn: no field 'poolin'\.") as caught:
        network.adapted(trained, "fast_rcnn", ['poolin="max"'])
    assert "do not fit" not in str(caught.value)


def test_what_a_recipe_leaves_open_is_the_backbones_to_decide() -> None:
    trained = network.settled(Recipe(backbone="resnet50"))
    assert (trained.weights, trained.freeze) == ("imagenet", "C2")
    assert network.settled(trained) == trained


def test_with_random_weights_nothing_is_frozen() -> None:
    recipe = Recipe(backbone="nin", freeze="C3", freeze_depthwise=True)
    settled = network.settled(recipe)
    assert (settled.weights, settled.freeze, settled.freeze_depthwise) == ("", "", False)


@pytest.mark.parametrize(("divisor", "canvas_px"), [(16, 416), (0, 416), (32, 400), (64, 416)])
def test_canvases_that_do_not_suit_the_strides_are_refused(divisor: int, canvas_px: int) -> None:
    recipe = replace(
        Recipe(),
        input=replace(Recipe().input, divisor=divisor),
        augmentation=Augmentation(canvas_px=canvas_px),
    )
    with pytest.raises(BadSettings, match="a multiple of the stride of efficientnet_lite0, 32"):
        network.settled(recipe)


def test_anchors_for_too_few_levels_are_refused() -> None:
    with pytest.raises(BadSettings, match="1 entries, but proposals come from 5 levels: P2, P3"):
        network.build(changed(Recipe(), options=["anchor_sides_px=[[8]]"]), 1, trained=False)

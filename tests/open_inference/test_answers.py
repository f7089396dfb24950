"""What tritonclient gets: two forms of the same boxes, each with a shape that can be counted on."""

from typing import Any

import pytest

Told = dict[str, Any]

RED, GREEN = [60, 20, 90, 40], [0, 50, 10, 64]
NONE = [0, 0, 0, 0]


def test_padded_answers_have_as_many_rows_as_the_metadata_promises(told: Told) -> None:
    answer = told["padded"]
    assert answer["boxes"]["values"] == [[RED, GREEN, NONE, NONE, NONE], [NONE] * 5]
    assert answer["scores"]["values"][0] == pytest.approx([1, 0.8, 0, 0, 0])
    assert answer["labels"]["values"] == [[0, 1, -1, -1, -1], [-1] * 5]
    assert answer["label_names"]["values"] == [["red", "green", "", "", ""], [""] * 5]
    assert answer["count"]["values"] == [2, 0]
    assert answer["image_size"]["values"] == [[64, 96], [37, 41]]


def test_an_answer_is_what_the_metadata_says(told: Told) -> None:
    promised = told["model_metadata"]["outputs"]
    came = told["padded"]
    assert [output["name"] for output in promised] == list(came)
    for output in promised:
        its = came[output["name"]]
        batch, *rest = map(int, output["shape"])
        assert batch == -1
        assert its["shape"] == [2, *rest]
        assert its["datatype"] == output["datatype"]


def test_ragged_answers_hold_all_rows_and_where_those_of_each_image_begin(told: Told) -> None:
    answer = told["ragged"]
    assert answer["boxes"]["values"] == [RED, GREEN, RED, GREEN]
    assert answer["label_names"]["values"] == ["red", "green", "red", "green"]
    assert answer["labels"]["values"] == [0, 1, 0, 1]
    assert answer["batch_splits"]["values"] == [0, 2, 2, 4]


def test_nothing_found_is_an_ordinary_answer(told: Told) -> None:
    answer = told["nothing_found"]
    assert answer["boxes"] == {"datatype": "FP32", "shape": [0, 4], "values": []}
    assert answer["label_names"]["shape"] == [0]
    assert answer["batch_splits"]["values"] == [0, 0]


@pytest.mark.parametrize("check", ["files_in_a_column", "pixels", "one_image_of_pixels"])
def test_images_may_come_in_other_shapes_and_as_pixels(check: str, told: Told) -> None:
    answer = told[check]
    assert answer["boxes"]["values"][0] == told["padded"]["boxes"]["values"][0]
    assert answer["count"]["values"][0] == 2
    assert len(answer["count"]["values"]) == (1 if check == "one_image_of_pixels" else 2)


def test_outputs_are_those_asked_for_in_the_order_of_the_model(told: Told) -> None:
    assert told["outputs_asked_backwards"] == ["boxes", "scores", "count"]


def test_parameters_choose_what_is_wanted(told: Told) -> None:
    names = [each["label_names"]["values"] for each in told["parameters"]]
    assert names == [["red"], ["red"], ["red"], ["green"]]
    assert told["time_enough_and_priority"]


def test_an_answer_tells_its_version_and_carries_the_id_of_its_request(told: Told) -> None:
    assert told["of_an_older_version"] == ["bright", "9", "seven"]


def test_the_asyncio_client_is_answered_side_by_side(told: Told) -> None:
    assert told["side_by_side"] == [[2], [0], [2]]


def test_a_stream_answers_in_order_and_goes_on_after_errors(told: Told) -> None:
    answers = told["stream"]
    failed = [place for place, each in enumerate(answers) if each["error"]]
    assert failed == [1, 12]
    assert "not an image" in answers[1]["error"]
    assert "absent" in answers[12]["error"]
    well = [each for each in answers if not each["error"]]
    assert [each["id"] for each in well] == ["0", *map(str, range(2, 12)), "13"]
    assert [each["count"] for each in well] == [[2], *[[0]] * 11]
    assert all(each["final"] for each in well)


def test_the_configuration_is_what_was_derived_and_measured(told: Told) -> None:
    its = told["model_config"]["config"]
    assert (its["platform"], its["backend"]) == ("onnxruntime_onnx", "onnxruntime")
    assert its["max_batch_size"] == 8
    assert its["input"] == [{"name": "image", "data_type": "TYPE_STRING", "dims": ["1"]}]
    dims = {each["name"]: each.get("dims", []) for each in its["output"]}
    promised = {each["name"]: each["shape"][1:] for each in told["model_metadata"]["outputs"]}
    assert dims == promised
    assert its["instance_group"] == [{"name": "bright/10", "count": 2, "kind": "KIND_CPU"}]
    assert its["dynamic_batching"]["preferred_batch_size"][0] >= 1
    assert its["parameters"]["classes"]["string_value"] == '["red", "green", "blue"]'
    assert its["parameters"]["provider"]["string_value"] == "CPUExecutionProvider"


def test_statistics_count_what_was_asked_and_add_up(told: Told) -> None:
    (before,), (after,) = told["statistics"]
    assert int(after["inference_count"]) - int(before["inference_count"]) == 3
    runs = int(after["execution_count"]) - int(before["execution_count"])
    assert 1 <= runs <= 3
    assert int(after["last_inference"]) >= int(before["last_inference"]) > 1_700_000_000_000
    stages = after["inference_stats"]
    counts = {name: int(stage.get("count", 0)) for name, stage in stages.items()}
    assert counts.pop("fail") == int(before["inference_stats"]["fail"].get("count", 0)) + 1
    assert set(counts.values()) == {int(before["inference_stats"]["success"]["count"]) + 1}
    ns = {name: int(stage["ns"]) for name, stage in stages.items()}
    parts = ns["queue"] + ns["compute_input"] + ns["compute_infer"] + ns["compute_output"]
    assert 0 < parts <= ns["success"]
    by_size = {int(each["batch_size"]): each["compute_infer"] for each in after["batch_stats"]}
    images = sum(size * int(runs["count"]) for size, runs in by_size.items())
    assert images == int(after["inference_count"])


def test_statistics_of_no_model_in_particular_are_those_of_all(told: Told) -> None:
    assert [(each["name"], each["version"]) for each in told["statistics_of_all"]] == [
        ("bright", "10"),
        ("bright", "9"),
    ]

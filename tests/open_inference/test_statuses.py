"""Statuses are those of Triton 2.51, which was asked the same: what clients count on holds here."""

from typing import Any

import pytest

Told = dict[str, Any]

REFUSALS = {
    # No such model or version.
    "unknown_model_metadata": ("NOT_FOUND", ("absent", "bright")),
    "unknown_version_config": ("NOT_FOUND", ("8", "10, 9")),
    "infer_unknown_model": ("NOT_FOUND", ("absent",)),
    "unknown_class": ("NOT_FOUND", ("rde", "Did you mean 'red'?")),
    "version_that_is_no_number": ("INVALID_ARGUMENT", ("abc", "10, 9")),
    "readiness_of_a_version_that_is_no_number": ("INVALID_ARGUMENT", ("abc", "10, 9")),
    "statistics_of_unknown": ("INVALID_ARGUMENT", ("absent",)),
    # Tensors that cannot be used: the input, what came, and what was expected.
    "bad_input_name": ("INVALID_ARGUMENT", ("img", "image")),
    "no_image": ("INVALID_ARGUMENT", ("image",)),
    "bad_datatype": ("INVALID_ARGUMENT", ("image", "FP32", "UINT8")),
    "bad_rank": ("INVALID_ARGUMENT", ("image", "[64, 96]", "[height, width, 3]")),
    "bad_fixed_side": ("INVALID_ARGUMENT", ("image", "[1, 8, 8, 4]", "[N, height, width, 3]")),
    "bad_byte_size": ("INVALID_ARGUMENT", ("image", "5 bytes", "18432")),
    "bad_bytes_elements": ("INVALID_ARGUMENT", ("image", "element 0", "2147483651 of 7")),
    "too_many_images": ("INVALID_ARGUMENT", ("9 images", "1 to 8", "BOXWRIGHT_MAX_REQUESTS")),
    "no_images_at_all": ("INVALID_ARGUMENT", ("0 images", "1 to 8")),
    "broken_file": ("INVALID_ARGUMENT", ("image 1 of 2", "8 bytes")),
    "shared_memory": ("INVALID_ARGUMENT", ("image", "shared memory")),
    "proposals_where_none_are_needed": ("INVALID_ARGUMENT", ("proposals",)),
    # Outputs.
    "bad_output_name": ("INVALID_ARGUMENT", ("masks", "boxes, scores, labels")),
    "output_of_the_other_form": ("INVALID_ARGUMENT", ("padded", "batch_splits")),
    "classification": ("INVALID_ARGUMENT", ("scores", "classification", "label_names")),
    # Parameters.
    "bad_parameter_name": ("INVALID_ARGUMENT", ("Did you mean 'score_threshold'?",)),
    "bad_parameter_type": ("INVALID_ARGUMENT", ("max_detections", "a whole number")),
    "bad_form": ("INVALID_ARGUMENT", ("jagged", "padded or ragged")),
    "too_little_time": ("DEADLINE_EXCEEDED", ("before the image was decoded",)),
    # The repository.
    "index_of_a_named_repository": ("UNIMPLEMENTED", ("other",)),
    "load_unknown": ("INTERNAL", ("absent", "altered, bright")),
    "load_broken": ("INTERNAL", ("altered/1", "SHA-256")),
    "load_with_a_configuration": ("INVALID_ARGUMENT", ("config", "folder")),
    "load_with_a_file": ("INVALID_ARGUMENT", ("file:1/model.onnx", "folder")),
    # What is not there.
    "settings_of_traces": ("UNIMPLEMENTED", ()),
    "settings_of_logs": ("UNIMPLEMENTED", ()),
    "shared_memory_status": ("UNIMPLEMENTED", ()),
}


@pytest.mark.parametrize("check", REFUSALS)
def test_a_refusal_has_the_status_of_triton_and_says_what_is_wrong(check: str, told: Told) -> None:
    status, parts = REFUSALS[check]
    assert told[check]["status"] == status
    for part in parts:
        assert part in told[check]["message"]


def test_an_unknown_model_is_not_ready_and_that_is_no_error(told: Told) -> None:
    assert told["is_live"] == [True, True]
    assert told["known_model_is_ready"] == [True, True, True]
    assert told["unknown_model_is_ready"] == [False, False]


def test_a_model_comes_goes_and_comes_back_while_the_server_stays_ready(told: Told) -> None:
    life = told["lifecycle"]
    assert life["loaded"] is True
    assert life["unloaded"] == [False, True]
    assert {
        "name": "coming",
        "version": "1",
        "state": "UNAVAILABLE",
        "reason": "unloaded",
    } in life["index"]
    assert life["answered"] == [2]


def test_to_unload_what_is_not_served_is_no_error(told: Told) -> None:
    assert told["unload_unknown"] == "well"


def test_the_index_lists_what_is_served_and_why_the_rest_is_not(told: Told) -> None:
    newest, older, altered = told["index"]
    assert newest == {"name": "bright", "version": "10", "state": "READY"}
    assert older == {"name": "bright", "version": "9", "state": "READY"}
    assert (altered["name"], altered["state"]) == ("altered", "UNAVAILABLE")
    assert "was altered" in altered["reason"]


def test_without_admin_no_call_loads_or_unloads_and_no_extension_says_so(told: Told) -> None:
    plain = told["without_admin"]
    assert [each["status"] for each in plain["refusals"]] == ["PERMISSION_DENIED"] * 2
    assert "--admin" in plain["refusals"][0]["message"]
    assert plain["extensions"] == ["model_configuration", "parameters", "statistics"]
    assert told["server_metadata"]["extensions"] == [*plain["extensions"], "model_repository"]


def test_a_message_over_the_limit_names_the_setting(told: Told) -> None:
    refusal = told["without_admin"]["too_large"]
    assert refusal["status"] == "RESOURCE_EXHAUSTED"
    assert "BOXWRIGHT_MAX_MESSAGE_BYTES" in refusal["message"]


def test_by_default_more_comes_through_than_the_four_megabytes_of_grpc(told: Told) -> None:
    assert told["five_megabytes_of_pixels"]["image_size"]["values"] == [[640, 640]] * 4

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from pydantic import TypeAdapter
from records import an_interface

from interfaces.evaluations import EvaluatedCase
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.predictions_json import counted_cases, placements, predictions_json, repeated_cases


@pytest.fixture
def values(stored):
    """Makes values of an input and of an output."""
    number = stored(an_interface(title="Number", kind=Kind.INTEGER, relative_path="number.json"))
    answer = stored(an_interface(title="Answer", kind=Kind.ANY, relative_path="answer.json", store_in_database=False))
    return lambda given, made: (number.create_instance(value=given), answer.create_instance(value=made))


def a_case(name: str, values, given: int, made: object, **changes) -> EvaluatedCase:
    number, answer = values(given, made)
    fields = {"pk": uuid4(), "version": "sha256:a", "inputs": {"number": number}, "outputs": {"answer": answer}}
    return EvaluatedCase(name=name, **{**fields, **changes})


def test_a_prediction_has_the_keys_of_the_contract(values):
    case = a_case("a", values, 1, {"x": 2}, exec_duration_s=83.25)
    (one,) = predictions_json([case])
    assert [*one] == [
        *("pk", "url", "api_url", "algorithm_image", "inputs", "outputs", "status", "exec_duration"),
        "invoke_duration",
    ]
    assert one["pk"] == str(case.pk)
    assert one["url"] == one["api_url"] == f"urn:uuid:{case.pk}"
    assert (one["algorithm_image"], one["status"]) == ("sha256:a", "Succeeded")
    assert [(each["interface"]["slug"], each["value"]) for each in one["inputs"]] == [("number", 1)]
    # As in inputs.json: what is kept in a file is named, and its content is in the file.
    assert [(each["file"], each["value"]) for each in one["outputs"]] == [("answer.json", None)]
    assert one["exec_duration"] == "PT1M23.25S"
    assert TypeAdapter(timedelta).validate_python(one["exec_duration"]) == case.exec_duration
    assert one["invoke_duration"] is None


def test_the_same_output_of_several_cases_lies_at_several_places(values):
    cases = [a_case(name, values, number, made) for name, number, made in (("a", 1, "x"), ("b", 2, "x"), ("c", 3, "y"))]
    same, other = cases[0].outputs["answer"], cases[2].outputs["answer"]
    assert placements(cases) == {
        str(same.pk): (f"{cases[0].pk}/output/", f"{cases[1].pk}/output/"),
        str(other.pk): (f"{cases[2].pk}/output/",),
    }


def test_failed_cases_are_left_out_and_of_equal_ones_the_first_counts(values):
    cases = [
        EvaluatedCase(name="failed", error_message="no"),
        a_case("a", values, 1, "x"),
        a_case("same", values, 1, "z", pk=UUID(int=1)),
        EvaluatedCase(name="failed too", error_message="no"),
        a_case("b", values, 2, "x"),
    ]
    assert repeated_cases(cases) == {"same": "a"}
    assert [case.name for case in counted_cases(cases)] == ["a", "b"]

from __future__ import annotations

from pathlib import Path

import pytest
from records import a_component, an_interface

from interfaces.component import InterfaceSet
from interfaces.graph_ports import Definitions
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.phase import Phase
from interfaces.phase_check import find_phase_problems

PREDICTIONS, METRICS = "predictions-json-file", "metrics-json-file"


def known(*sets: InterfaceSet, **changes) -> Definitions:
    slugs = ("scan", "mask", "threshold", "figure", PREDICTIONS, METRICS)
    interfaces = {slug: an_interface(title=slug, kind=Kind.ANY, relative_path=f"{slug}.json") for slug in slugs}
    interfaces["study"] = an_interface(title="study", kind=Kind.DICOM_IMAGE_SET, relative_path="images/study")
    evaluation = a_component(slug="compare", interfaces=sets or (a_set(),), **changes)
    return Definitions(components={"compare": evaluation}, interfaces=interfaces)


def a_set(*inputs: str, outputs: tuple[str, ...] = (METRICS,)) -> InterfaceSet:
    return InterfaceSet(inputs=(PREDICTIONS, *inputs), outputs=outputs)


def a_phase(**changes) -> Phase:
    fields = {
        "title": "Test",
        "slug": "test",
        "algorithm_interfaces": (InterfaceSet(inputs=("scan",), outputs=("mask",)),),
        "evaluation": "compare",
    }
    return Phase(**{**fields, **changes})


def found(phase: Phase, definitions: Definitions) -> list[tuple[str, tuple]]:
    return [(problem.text, problem.key) for problem in find_phase_problems(phase, definitions)]


def test_a_phase_whose_evaluation_takes_and_gives_what_it_says_has_no_problem():
    assert found(a_phase(), known()) == []
    phase = a_phase(additional_inputs=("threshold",), additional_outputs=("figure",))
    assert found(phase, known(a_set(), a_set("threshold", outputs=(METRICS, "figure")))) == []


def test_every_unknown_slug_is_told_with_the_nearest_one():
    phase = a_phase(
        algorithm_interfaces=(InterfaceSet(inputs=("scna",), outputs=("msak",)),),
        additional_inputs=("thresold",),
        additional_outputs=("figur",),
        evaluation="compar",
    )
    hints = {key: text.rpartition("did you mean ")[2] for text, key in found(phase, known())}
    assert hints == {
        ("algorithm_interfaces", 0, "inputs", 0): "'scan'?",
        ("algorithm_interfaces", 0, "outputs", 0): "'mask'?",
        ("additional_inputs", 0): "'threshold'?",
        ("additional_outputs", 0): "'figure'?",
        ("evaluation", "component"): "'compare'?",
    }


@pytest.mark.parametrize(
    ("phase", "definitions", "text"),
    [
        (a_phase(additional_inputs=("threshold",)), known(), "but got predictions-json-file, threshold"),
        (a_phase(), known(a_set("threshold")), "but got predictions-json-file"),
        (a_phase(), known(a_set(outputs=("figure",))), "'compare' does not write 'metrics-json-file'"),
        (a_phase(additional_outputs=("figure",)), known(), "'compare' does not write 'figure' for the inputs"),
        (a_phase(ground_truth=Path("a")), known(model=Path("b")), "a job can't have a ground truth beside it"),
    ],
)
def test_an_evaluation_that_does_not_fit_is_told(phase, definitions, text):
    ((sentence, key),) = found(phase, definitions)
    assert text in sentence
    assert key == ("evaluation", "component")


def test_a_dicom_image_set_can_only_be_an_input():
    sets = (InterfaceSet(inputs=("study",), outputs=("study",)),)
    ((text, key),) = found(a_phase(algorithm_interfaces=sets), known())
    assert (text, key) == (
        "'study' is a DICOM image set, which can only be an input",
        ("algorithm_interfaces", 0, "outputs", 0),
    )

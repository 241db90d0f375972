"""What is said about a phase, an algorithm and its cases before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from phases import write_phase

from flows import register
from interfaces.archives import create_archive
from interfaces.database.interface_records import find_interfaces
from interfaces.errors import CasesInvalid, DefinitionError, EvaluationInvalid, InvalidInputs, UnknownName
from interfaces.site import get_site
from tasks.plan_evaluation import planned_evaluation

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

CASES = [{"script": ""}]
SETS = "- {inputs: [script], outputs: [report]}\n    - {inputs: [script, scan], outputs: [report]}"


@pytest.fixture
def phase(tmp_path: Path) -> str:
    return write_phase(tmp_path / "phase", f"Planned {tmp_path.name}")


def test_a_plan_knows_how_the_algorithm_is_asked_about_each_case(phase, scan):
    plan = planned_evaluation(phase, "puppet-report", [{"script": ""}, {"case": "two", "script": "", "scan": scan}], {})
    assert [case.id for case in plan.source.read()] == ["1", "two"]
    assert [sorted(plan.route(case).inputs) for case in plan.source.read()] == [["script"], ["scan", "script"]]
    assert {slug: value.value for slug, value in plan.inputs.items()} == {"tolerance": 0}  # its default
    assert plan.version.startswith("sha256:")


def test_an_algorithm_that_fits_no_set_is_told_what_it_lacks(phase):
    with pytest.raises(EvaluationInvalid) as caught:
        planned_evaluation(phase, "puppet-mask", CASES, {})
    assert caught.value.problems == (
        "'puppet-mask' does not give (report) for (script)",
        "'puppet-mask' takes (script), and not (script, scan)",
    )
    assert caught.value.exit_code == 2


def test_a_set_that_the_algorithm_does_not_have_is_told_for_the_cases_that_ask_for_it(phase, tmp_path, scan):
    graph = tmp_path / "graph.yaml"
    node = "{component: puppet-report, inputs: {script: program}}"
    graph.write_text(
        f"graph:\n  title: Only {tmp_path.name}\n  inputs: {{program: script}}\n  nodes: {{count: {node}}}\n"
        "  outputs: {result: count.report}\n"
    )
    (slug,) = register(graph).graphs
    assert planned_evaluation(phase, slug, CASES, {}).source.count == 1
    with pytest.raises(CasesInvalid, match=rf"case 2: '{slug}' does not answer the set \(script, scan\)"):
        planned_evaluation(phase, slug, [*CASES, {"script": "", "scan": scan}], {})


def test_a_graph_that_asks_for_more_than_the_phase_allows_is_refused(tmp_path):
    changes = {SETS: "- {inputs: [script], outputs: [report]}", "time_limit: 90, memory_gb: 0.3": "time_limit: 30"}
    phase = write_phase(tmp_path / "phase", f"Short {tmp_path.name}", **changes)
    # A component itself just gets the phase's limits.
    assert planned_evaluation(phase, "puppet-report", CASES, {}).phase.time_limit == 30
    graph = tmp_path / "graph.yaml"
    node = "{component: puppet-report, inputs: {script: program}}"
    graph.write_text(
        f"graph:\n  title: Long {tmp_path.name}\n  inputs: {{program: script}}\n  nodes: {{count: {node}}}\n"
        "  outputs: {result: count.report}\n"
    )
    (slug,) = register(graph).graphs
    with pytest.raises(EvaluationInvalid, match="'puppet-report' has a time limit of 60 s; the phase allows 30 s"):
        planned_evaluation(phase, slug, CASES, {})


def test_what_this_machine_lacks_is_told_before_the_first_case(tmp_path):
    limits = {"time_limit: 90, memory_gb: 0.3": "memory_gb: 100000"}
    phase = write_phase(tmp_path / "phase", f"Huge {tmp_path.name}", **limits)
    with pytest.raises(EvaluationInvalid, match=r"'puppet-report': .*100000 GB"):
        planned_evaluation(phase, "puppet-report", CASES, {})


@pytest.mark.parametrize(
    ("cases", "message"),
    [
        ([{"script": "", "scna": 1}], r"'scna' is no input of the phase .* did you mean 'scan'"),
        ([{"script": ""}, {"scan": "a.mha"}], r"case 2: .* takes \(script\) or \(script, scan\), but got scan"),
        ([{"case": "x", "script": ""}, {"case": "x", "script": ""}], "the id 'x' is that of the cases 1, 2"),
        ([], "there is none"),
    ],
)
def test_cases_that_do_not_fit_are_told(phase, cases, message):
    with pytest.raises(CasesInvalid, match=message):
        planned_evaluation(phase, "puppet-report", cases, {})


def test_additional_inputs_are_checked_all_at_once(phase):
    with pytest.raises(InvalidInputs) as caught:
        planned_evaluation(phase, "puppet-report", CASES, {"tolernce": 1, "tolerance": "none"})
    assert "did you mean 'tolerance'" in caught.value.problems["tolernce"]
    assert set(caught.value.problems) == {"tolernce", "tolerance"}


def test_unknown_names_are_told_with_the_nearest_one(phase):
    with pytest.raises(UnknownName, match=f"did you mean '{phase}'"):
        planned_evaluation(f"{phase}x", "puppet-report", CASES, {})
    with pytest.raises(UnknownName, match="did you mean 'puppet-report'"):
        planned_evaluation(phase, "pupet-report", CASES, {})


def test_without_cases_the_phases_own_archive_is_taken(phase, tmp_path):
    with pytest.raises(DefinitionError, match="names no archive; say which cases"):
        planned_evaluation(phase, "puppet-report", None, {})
    archive = create_archive(f"Own {tmp_path.name}")
    with get_site().database.session() as session:
        script = find_interfaces(session, ["script"])["script"]
    archive.add("only", [script.create_instance(value="")])
    title = {"additional_inputs": f"archive: {archive.slug}\n  additional_inputs"}
    own = write_phase(tmp_path / "own", f"Own {tmp_path.name}", **title)
    assert [case.id for case in planned_evaluation(own, "puppet-report", None, {}).source.read()] == ["only"]

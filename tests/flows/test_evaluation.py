"""Evaluating algorithms with real containers: what goes in, what a failed case does, who ranks where."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from phases import TRUTH, write_phase

from flows import evaluate, leaderboard, register
from flows.cli import commands
from interfaces import ComponentException, ComponentJob
from interfaces.archives import create_archive
from interfaces.database.evaluation_records import list_evaluations, load_cases
from interfaces.database.interface_records import find_interfaces
from interfaces.errors import (
    DefinitionError,
    DefinitionErrors,
    EvaluationInvalid,
)
from interfaces.job_status import JobStatus
from interfaces.site import get_site

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

PUPPET = Path(__file__).parents[1] / "puppet"
ANSWER = "import json; json.dump({{'answer': {answer}}}, open('/output/report.json', 'w'))"
GRAPH = """\
graph:
  title: Counting graph {name}
  inputs: {{program: script}}
  nodes: {{count: {{component: puppet-report, inputs: {{script: program}}}}}}
  outputs: {{result: count.report, again: program}}
"""


def script(case: str, answer: object) -> str:
    return f"# {case}\n" + ANSWER.format(answer=answer)


@pytest.fixture
def phase(tmp_path: Path) -> str:
    return write_phase(tmp_path / "phase", f"Counting {tmp_path.name}")


@pytest.fixture
def six(tmp_path: Path, scan: Path):
    """An archive of six cases of two sets of inputs: two give the same output, one is wrong, one fails."""
    archive = create_archive(f"Cases {tmp_path.name}")
    with get_site().database.session() as session:
        known = find_interfaces(session, ["script", "scan"])
    image = known["scan"].create_instance(image=scan)
    scripts = {
        **{name: script(name, TRUTH[name]) for name in "abc"},
        "d": script("d", 3),
        "e": script("e", 6),
        "f": "# f\nraise SystemExit('no lesion found')",
    }
    for name, text in scripts.items():
        values = [known["script"].create_instance(value=text + f"\n# {tmp_path}")]
        archive.add(name, [*values, image] if name in "de" else values)
    return archive


def submissions(phase: str):
    with get_site().database.session() as session:
        return list_evaluations(session, phase)


def test_a_failed_case_fails_the_evaluation_or_is_scored_as_missing(phase, six, ask):
    with pytest.raises(ComponentException, match="the case f failed: no lesion found") as caught:
        evaluate(phase, "puppet-report", six.slug)
    assert caught.value.job.inputs["script"].value.startswith("# f")
    (failed,) = submissions(phase)
    assert (failed.status, failed.job, failed.metrics) == (JobStatus.FAILURE, None, None)
    assert failed.error_message == str(caught.value)
    with get_site().database.session() as session:
        before = {case.name: case for case in load_cases(session, failed.id)}
    assert {name for name, case in before.items() if case.failed} == {"f"}

    result = evaluate(phase, "puppet-report", six.slug, {"tolerance": 1}, failed_cases="score")
    assert result.failed == {"f": "no lesion found"}
    assert result.metrics["aggregates"] == {"right": 4 / 6, "error": 2}
    assert result.metrics["missing"] == ["f"]
    assert (result.rank, result.scores) == (1, {"aggregates.right": 4 / 6, "aggregates.error": 2})
    # What had succeeded before was not run again.
    assert {name: result.jobs[name].id for name in "abcde"} == {name: before[name].pk for name in "abcde"}
    assert result.jobs["a"].time_limit == 90
    assert result.jobs["a"].requires_memory_gb == 0.3

    seen = result.metrics["seen"]
    assert seen["inputs"] == ["predictions-json-file", "tolerance"]
    # "a" and "b" gave the same output: one stored value, which lies in the folder of each.
    assert result.jobs["a"].outputs["report"].pk == result.jobs["b"].outputs["report"].pk
    assert seen["files"] == sorted(
        ["inputs.json", "predictions.json", "tolerance.json"]
        + [f"{result.jobs[name].id}/output/report.json" for name in "abcde"]
    )
    assert seen["scans"] == ["scan.mha", "scan.mha"]
    assert seen["model"] == []
    assert_predictions(seen["predictions"], result.jobs)

    again = evaluate(phase, "puppet-report", six.slug, {"tolerance": 1}, failed_cases="score")
    # The same predictions, outputs beside them and ground truth: the same work.
    assert again.job.id == result.job.id
    assert again.evaluation.id != result.evaluation.id
    stored = ComponentJob.objects.get(str(result.job.id))
    assert stored.input_prefixes == result.job.input_prefixes
    assert {one.pk for one in stored.staged} == {result.jobs[name].outputs["report"].pk for name in "abcde"}
    shown = ask(lambda client: client.read_latest_artifacts())
    (board,) = [one for one in shown if one.key == f"leaderboard-{phase}"]
    assert json.loads(board.data)[0]["Right answers"] == "0.666667 (1)"


def assert_predictions(predictions, jobs):
    """What the evaluation was told of the jobs, key by key."""
    assert [one["pk"] for one in predictions] == [str(jobs[name].id) for name in "abcde"]
    for one, name in zip(predictions, "abcde", strict=True):
        job = jobs[name]
        keys = ["pk", "url", "api_url", "algorithm_image", "inputs", "outputs", "status", "exec_duration"]
        assert sorted(one) == sorted([*keys, "invoke_duration"])
        assert one["url"] == one["api_url"] == f"urn:uuid:{job.id}"
        assert (one["algorithm_image"], one["status"]) == (job.image.sha256, "Succeeded")
        assert pd.Timedelta(one["exec_duration"]).total_seconds() == pytest.approx(job.exec_duration_s)
        assert one["invoke_duration"] is None
        inputs = ["script", "scan"] if name in "de" else ["script"]
        assert [each["interface"]["slug"] for each in one["inputs"]] == inputs
        assert one["outputs"][0]["pk"] == job.outputs["report"].pk
        assert one["outputs"][0]["interface"]["relative_path"] == "report.json"


def test_the_leaderboard_shares_ranks_and_lists_what_cannot_be_ranked(phase, tmp_path):
    cases = [{"case": name, "script": script(name, TRUTH[name])} for name in "ab"]
    (tmp_path / "graph.yaml").write_text(GRAPH.format(name=tmp_path.name))
    worse = register(worse_algorithm(tmp_path)).components[0]
    graph = register(tmp_path / "graph.yaml").graphs[0]

    first = evaluate(phase, "puppet-report", cases)
    second = evaluate(phase, graph, pd.DataFrame(cases))
    third = evaluate(phase, worse, cases)
    assert (first.rank, second.rank, third.rank) == (1, 1, 3)
    # The graph's node is the same work, so that its jobs are the first algorithm's; the pk is the graph's own.
    assert second.jobs["a/count"].id == first.jobs["a"].id
    (pk, _) = [one["pk"] for one in second.metrics["seen"]["predictions"]]
    assert pk != str(first.jobs["a"].id)
    assert f"{pk}/output/report.json" in second.metrics["seen"]["files"]
    assert second.evaluation.version.startswith("sha256:")

    table = leaderboard(phase)
    assert table["rank"].tolist() == [1, 1, 3]
    assert table["algorithm"].tolist() == ["puppet-report", graph, worse]
    assert table["aggregates.error"].tolist() == [0, 0, 2]
    assert table["position"].tolist() == [1, 1, 3]

    shown = CliRunner().invoke(commands, ["leaderboard", phase, "-o", str(tmp_path / "board.csv")])
    assert shown.exit_code == 0, shown.output
    header, *rows = shown.output.splitlines()
    assert header.split()[:2] == ["rank", "algorithm"]
    assert [row.split()[:2] for row in rows] == [["1", "puppet-report"], ["1", graph], ["3", worse]]
    written = pd.read_csv(tmp_path / "board.csv")
    assert written["aggregates.right_rank"].tolist() == [1, 1, 3]

    # Another metric ranks from now on, which nobody has: nothing is lost, and each is told why.
    shutil.rmtree(tmp_path / "phase")
    title = f"Counting {tmp_path.name}"
    assert write_phase(tmp_path / "phase", title, **{"aggregates.error": "aggregates.dice"}) == phase
    table = leaderboard(phase)
    assert table["rank"].isna().all()
    problem = "the ranking metric 'aggregates.dice' is not in metrics.json: 'aggregates' has no 'dice'"
    assert set(table["problems"]) == {problem}
    unranked = evaluate(phase, "puppet-report", cases)
    assert (unranked.rank, unranked.ranking_problems) == (None, (problem,))
    assert unranked.scores == {"aggregates.right": 2 / 6}


def worse_algorithm(folder: Path) -> Path:
    """The puppet again, which counts one too many."""
    own = folder / "worse"
    shutil.copytree(PUPPET / "report", own)
    text = (own / "component.yaml").read_text()
    (own / "component.yaml").write_text(text.replace("Puppet report", f"Worse {folder.name}"))
    program = (own / "puppet.py").read_text()
    more = "\npath = '/output/report.json'\nfound = json.load(open(path))\nfound['answer'] += 1\n"
    (own / "puppet.py").write_text(program + more + "json.dump(found, open(path, 'w'))\n")
    return own


def test_what_cannot_be_evaluated_is_no_submission(phase):
    with pytest.raises(EvaluationInvalid, match=r"'puppet-mask' does not give \(report\) for \(script\)"):
        evaluate(phase, "puppet-mask", [{"script": ""}])
    with pytest.raises(DefinitionError, match="it can be 'fail' or 'score'"):
        evaluate(phase, "puppet-report", [{"script": ""}], failed_cases="ignore")
    assert submissions(phase) == []


def test_an_evaluation_that_fails_itself_is_on_record_with_its_job(phase):
    with pytest.raises(ComponentException, match="KeyError: 'z'") as caught:
        evaluate(phase, "puppet-report", [{"case": "one", "script": script("z", 1)}])
    (failed,) = submissions(phase)
    assert (failed.status, failed.job) == (JobStatus.FAILURE, caught.value.job.id)
    assert caught.value.job.component == "puppet-evaluation"
    assert caught.value.job.tarball.kind == "ground-truth"


def test_all_cases_failed_is_said_and_the_same_values_are_counted_once(phase):
    with pytest.raises(ComponentException, match="all cases failed, so that there is nothing to evaluate: the case 1"):
        evaluate(phase, "puppet-report", [{"script": "raise SystemExit('no')"}], failed_cases="score")
    cases = [{"case": name, "script": script("a", 1)} for name in ("one", "other")]
    result = evaluate(phase, "puppet-report", cases)
    assert result.repeated == {"other": "one"}
    assert len(result.metrics["seen"]["predictions"]) == 1


def test_the_commands_take_a_table_and_list_submissions(phase, tmp_path):
    table = tmp_path / "cases.csv"
    scripts = {"a": script("a", 1), "f": "raise SystemExit('no lesion found')"}
    pd.DataFrame({"case": scripts.keys(), "script": scripts.values()}).to_csv(table, index=False)
    command = ["evaluate", phase, "puppet-report", str(table), "-i", "tolerance=1"]
    failed = CliRunner().invoke(commands, command)
    assert (failed.exit_code, str(failed.exception)) == (1, "the case f failed: no lesion found")
    done = CliRunner().invoke(commands, [*command, "--failed-cases", "score"])
    assert done.output.splitlines()[-4:] == [
        "the case f failed, and is scored as missing: no lesion found",
        "aggregates.right = 0.166667",
        "aggregates.error = 0",
        f"puppet-report in {phase}: rank 1",
    ]
    document = json.loads(CliRunner().invoke(commands, [*command, "--failed-cases", "score", "--json"]).output)
    assert (document["rank"], document["failed"], document["status"]) == (1, {"f": "no lesion found"}, "SUCCESS")
    assert document["metrics"]["missing"] == ["b", "c", "d", "e", "f"]
    (best,) = json.loads(CliRunner().invoke(commands, ["leaderboard", phase, "--json"]).output)
    assert (best["rank"], best["aggregates.error"], best["problems"]) == (1, 0, "")
    listed = CliRunner().invoke(commands, ["leaderboard", phase, "--submissions", "--json"])
    assert [(one["status"], one["error_message"]) for one in json.loads(listed.output)] == [
        ("FAILURE", "the case f failed: no lesion found"),
        ("SUCCESS", ""),
        ("SUCCESS", ""),
    ]


def test_a_phase_that_does_not_fit_is_refused_with_all_problems(tmp_path):
    changes = {
        "- {inputs: [script], outputs: [report]}": "- {inputs: [scirpt], outputs: [report]}",
        "puppet-evaluation": "puppet-evalution",
    }
    with pytest.raises(DefinitionErrors) as caught:
        write_phase(tmp_path / "phase", f"Broken {tmp_path.name}", **changes)
    found = {problem.key: problem.message for problem in caught.value.problems}
    assert "did you mean 'script'" in found["phase.algorithm_interfaces[0].inputs[0]"]
    assert "did you mean 'puppet-evaluation'" in found["phase.evaluation.component"]

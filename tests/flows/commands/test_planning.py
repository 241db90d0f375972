"""``plan``, as a person and a script use it; the images are real, and nothing runs."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from click.testing import CliRunner
from puppet_scripts import MASK, REPORT
from sqlalchemy import event

from flows import run_graph
from flows.cli import commands
from interfaces import ComponentJob
from interfaces.database.graph_records import save_graph
from interfaces.graph import Graph, Node, Source
from interfaces.site import get_site
from tasks.plan_graph import planned

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

COUNT = "import json; json.dump({'n': 1}, open('/output/report.json', 'w'))"


@pytest.fixture
def plan():
    """Calls the command; gives its exit code, what it prints and what it says on stderr."""

    def call(name: str, *arguments: str, **inputs: str | list[str]) -> tuple[int, str, str]:
        pairs = [(key, one) for key, value in inputs.items() for one in (value if isinstance(value, list) else [value])]
        given = [part for key, one in pairs for part in ("-i", f"{key}={one}")]
        done = CliRunner().invoke(commands, ["plan", name, *given, *arguments], catch_exceptions=False)
        return done.exit_code, done.stdout, done.stderr

    return call


def test_a_plan_says_what_runs_what_is_cached_and_why(plan, scan):
    mark = uuid4().hex
    given = {
        "cuts": [f"{MASK.format(voxels='[1] * 8')}\n# {number} {mark}" for number in range(3)],
        "judging": f"{COUNT} # {mark}",
        "adding": f"{COUNT} # {mark}",
    }
    before = len(ComponentJob.objects.with_duration())
    code, text, _ = plan("puppet-each", "--json", **given)
    document = json.loads(text)
    assert (code, document["jobs"], document["cached_jobs"], document["is_exact"]) == (0, 7, 0, True)
    assert [(one["node"], one["runs"], one["cached"]) for one in document["nodes"]] == [
        ("cut", 3, None),
        ("judge", 3, None),
        ("add", 1, None),
    ]
    assert len(ComponentJob.objects.with_duration()) == before
    run = run_graph("puppet-each", given)
    code, text, _ = plan("puppet-each", **given)
    lines = text.splitlines()
    assert (code, lines[0]) == (0, "puppet-each: 0 jobs to run, 7 cached")
    assert lines[2].split()[:3] == ["cut", "puppet-mask", "3"]
    assert lines[2].endswith("3 cached")
    assert lines[4].endswith(f"cached: job {str(run.jobs['add'].id)[:8]}")
    code, text, _ = plan("puppet-each", **{**given, "adding": COUNT})
    assert "puppet-each: 1 job to run, 6 cached, about " in text
    assert "the input 'script' changed" in text


def test_a_component_has_a_plan_too(plan):
    script = REPORT.format(report=f"{{'x': '{uuid4()}'}}")
    code, text, _ = plan("puppet-report", script=script)
    assert code == 0
    assert "puppet-report: 1 job to run" in text
    assert plan("puppet-report", script=script, sceond="3")[0] == 3


def test_what_is_optional_is_planned_by_what_is_given(plan, scan):
    _, text, _ = plan("puppet-outer", "--json", cuts=[COUNT], many='["a", "b"]', then=COUNT)
    nodes = {one["node"]: one for one in json.loads(text)["nodes"]}
    assert nodes["maybe/extra"]["left_out"] == "'prior' is not there"
    assert (nodes["maybe"]["runs"], nodes["maybe/base"]["runs"]) == (2, 1)
    assert json.loads(text)["jobs"] == 3 + 2 * 1 + 1
    _, text, _ = plan("puppet-outer", "--json", cuts=[COUNT], many='["a", "b"]', then=COUNT, prior=str(scan))
    assert json.loads(text)["jobs"] == 3 + 2 * 3 + 1


def test_all_problems_are_told_line_by_line_with_the_exit_code_of_their_kind(plan, tmp_path):
    code, text, errors = plan("puppet-diamond", first="1", others="x", image=str(tmp_path / "none.mha"), frist="2")
    assert (code, text) == (3, "")
    assert errors.splitlines()[0] == "'puppet-diamond' can't run as asked:"
    assert len(errors.splitlines()) == 4
    with get_site().database.session() as session:
        nodes = {"a": Node(component="gone", inputs={}), "b": Node(graph="gone-too", inputs={})}
        save_graph(session, Graph(title="Gone", slug="gone-graph", inputs={}, nodes=nodes, outputs={}))
    code, text, _ = plan("gone-graph", "--json")
    assert code == 2
    assert json.loads(text)["problems"] == [
        "the node 'a' names the unknown component 'gone'",
        "the node 'b' names the unknown graph 'gone-too'",
    ]


def test_a_thousand_nodes_are_planned_with_a_few_queries():
    source = Source(node=None, name="script")
    nodes = {"n0": Node(component="puppet-report", inputs={"script": source})}
    nodes |= {
        f"n{number}": Node(
            component="puppet-gather",
            inputs={"script": source, "everything": Source(node=f"n{number - 1}", name="report")},
        )
        for number in range(1, 1000)
    }
    outputs = {"last": Source(node="n999", name="report")}
    graph = Graph(title="Thousand", slug="thousand", inputs={"script": "script"}, nodes=nodes, outputs=outputs)
    with get_site().database.session() as session:
        save_graph(session, graph)
    asked: list[str] = []

    def ask(connection, cursor, statement, *rest):
        asked.append(statement)

    event.listen(get_site().database.engine, "before_cursor_execute", ask)
    try:
        plan = planned("thousand", {"script": COUNT})
    finally:
        event.remove(get_site().database.engine, "before_cursor_execute", ask)
    assert plan.jobs == 1000
    assert len(asked) < 25, asked
    assert plan.priorities["n0"] > plan.priorities["n998"] > plan.priorities["n999"] > 0
    assert plan.expected_s == pytest.approx(plan.priorities["n0"], rel=0.01) or plan.never_ran

"""Graphs that scatter and gather, do without, and hold other graphs; with real containers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from uuid import uuid4

import pytest
from prefect import flow
from puppet_scripts import MASK, REPORT

from flows import arun_component, register_graph, run_component, run_graph
from flows.server import ensure_server
from flows.server_settings import client_settings
from interfaces import ComponentException, ComponentJob, JobStatus
from interfaces.errors import GraphFailed, GraphInvalid, InvalidInputs
from interfaces.graph import Graph, Node, Source

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

BRIGHT = MASK.format(voxels="[1] * 8")
HALF = MASK.format(voxels="[0, 1] * 4")
DARK = MASK.format(voxels="[0] * 8")
COUNT = """
import json, pathlib
(mask,) = pathlib.Path('/input/images/scan').iterdir()
json.dump({'ones': sum(mask.read_bytes()[-8:])}, open('/output/report.json', 'w'))
"""
ADD = """
import json
reports = json.load(open('/input/everything.json'))
json.dump({'all': reports}, open('/output/report.json', 'w'))
"""


def fresh(script: str) -> str:
    """The same program, but new work."""
    return f"{script}\n# {uuid4()}\n"


def jobs_so_far() -> int:
    return len(ComponentJob.objects.with_duration())


def test_a_list_is_scattered_and_gathered_in_its_order():
    cuts = [fresh(one) for one in (BRIGHT, DARK, HALF)]
    run = run_graph("puppet-each", {"cuts": cuts, "judging": COUNT, "adding": ADD})
    assert list(run.outputs["total"].value["all"]) == [{"ones": 8}, {"ones": 0}, {"ones": 4}]
    assert [one.value for one in run.outputs["reports"]] == [{"ones": 8}, {"ones": 0}, {"ones": 4}]
    assert [one.interface.slug for one in run.outputs["masks"]] == ["mask"] * 3
    assert set(run.jobs) == {*(f"{name}[{index}]" for name in ("cut", "judge") for index in range(3)), "add"}
    for index in range(3):
        assert run.jobs[f"judge[{index}]"].inputs["scan"].sha256 == run.jobs[f"cut[{index}]"].outputs["mask"].sha256
    assert [one.value for one in run.inputs["cuts"]] == cuts


def test_an_empty_list_gives_empty_lists():
    run = run_graph("puppet-each", {"cuts": [], "judging": COUNT, "adding": fresh(ADD)})
    assert (run.outputs["masks"], run.outputs["total"].value) == ((), {"all": []})
    assert set(run.jobs) == {"add"}


def test_where_one_of_many_fails_the_others_go_on_and_everything_is_told():
    cuts = [fresh(BRIGHT), "import sys; sys.exit('too dark')", fresh(HALF)]
    with pytest.raises(ComponentException, match=r"the node 'cut\[1\]' failed: too dark") as caught:
        run_graph("puppet-each", {"cuts": cuts, "judging": COUNT, "adding": ADD})
    failed = caught.value
    assert isinstance(failed, GraphFailed)
    assert "(not run: judge, add)" in str(failed)
    assert {path: job.status for path, job in failed.run.jobs.items()} == {
        "cut[0]": JobStatus.SUCCESS,
        "cut[1]": JobStatus.FAILURE,
        "cut[2]": JobStatus.SUCCESS,
    }
    assert failed.job == failed.run.jobs["cut[1]"]
    assert failed.run.left_out == {
        "judge": "it needs 'cut', which failed",
        "add": "it needs 'judge', which was not run",
    }
    assert failed.run.outputs == {}


def test_an_optional_node_runs_only_if_its_input_is_there(scan):
    always = fresh(REPORT.format(report="{}"))
    without = run_graph("puppet-maybe", {"always": always, "then": ADD})
    assert (set(without.jobs), set(without.outputs)) == ({"base"}, {"base"})
    assert without.left_out == {"extra": "'prior' is not there", "after": "'extra.report' is not there"}
    then = fresh(REPORT.format(report="{'n': 2}"))
    run = run_graph("puppet-maybe", {"always": always, "then": then, "prior": scan})
    assert (set(run.jobs), run.left_out) == ({"base", "extra", "after"}, {})
    assert run.outputs["after"].value == {"n": 2}
    assert run.jobs["after"].inputs["everything"].value == {"n": 2}
    assert run.reused == {"base"}


def test_graphs_run_within_a_graph_and_a_broken_off_run_goes_on_where_it_was(scan):
    then = fresh(
        "import os\nif os.path.exists('/input/everything.json'):"
        + ADD.replace("\n", "\n  ")
        + "\nelse:"
        + COUNT.replace("\n", "\n  ")
    )
    many = [fresh(REPORT.format(report=f"{{'base': {number}}}")) for number in range(2)]
    given = {"cuts": [fresh(HALF)], "many": many, "then": then}
    run = run_graph("puppet-outer", given)
    assert set(run.jobs) == {"each/cut[0]", "each/judge[0]", "each/add", "maybe[0]/base", "maybe[1]/base", "last/add"}
    assert run.outputs["last"].value == {"all": [{"base": 0}, {"base": 1}]}
    assert len(run.outputs["masks"]) == 1
    assert "extras" not in run.outputs
    assert run.left_out["maybe[1]/extra"] == "'prior' is not there"
    before = jobs_so_far()
    again = run_graph("puppet-outer", given)
    assert (jobs_so_far(), again.reused) == (before, set(run.jobs))
    assert again.outputs == run.outputs
    refreshed = run_graph("puppet-outer", given, refresh=["each/add", "maybe"])
    assert set(refreshed.jobs) - refreshed.reused == {"each/add", "maybe[0]/base", "maybe[1]/base"}


def test_bad_elements_of_a_list_are_named_with_their_places_before_anything_runs():
    before = jobs_so_far()
    with pytest.raises(InvalidInputs) as caught:
        run_graph("puppet-each", {"cuts": [HALF, 1, 2], "judging": 3})
    assert set(caught.value.problems) == {"cuts[1]", "cuts[2]", "judging", "adding"}
    with pytest.raises(InvalidInputs, match=r"takes a list of String \(script\)"):
        run_graph("puppet-each", {"cuts": HALF, "judging": COUNT, "adding": ADD})
    assert jobs_so_far() == before


@flow
async def by_hand(cuts: list[str]):
    masks = await asyncio.gather(*(arun_component("puppet-mask", {"script": one}) for one in cuts))
    counts = await asyncio.gather(
        *(arun_component("puppet-report", {"script": COUNT, "scan": one.outputs["mask"]}) for one in masks)
    )
    everything = [one.outputs["report"].value for one in counts]
    return await arun_component("puppet-gather", {"script": ADD, "everything": everything}), counts


def test_the_same_graph_can_be_written_as_a_prefect_flow(ask):
    with client_settings(ensure_server()):
        last, counts = asyncio.run(by_hand([fresh(BRIGHT), fresh(DARK)]))
    assert last.outputs["report"].value == {"all": [{"ones": 8}, {"ones": 0}]}

    async def parents(client):
        run = await client.read_flow_run(counts[0].flow_run_id)
        stands_for = await client.read_task_run(run.parent_task_run_id)
        return [entry for entries in stands_for.task_inputs.values() for entry in entries if hasattr(entry, "id")]

    assert len(ask(parents)) == 1


def test_a_graph_can_be_made_and_registered_in_python():
    source = Source(node=None, name="script")
    graph = Graph(
        title="Made in Python",
        slug="made-in-python",
        inputs={"script": "script"},
        nodes={"one": Node(component="puppet-report", inputs={"script": source})},
        outputs={"report": Source.from_text("one.report")},
    )
    assert register_graph(graph)
    assert not register_graph(graph)
    assert run_graph("made-in-python", {"script": fresh(REPORT.format(report="{'n': 1}"))}).outputs["report"].value == {
        "n": 1
    }
    wrong = replace(graph, title="Puppet report", nodes={**graph.nodes, "a.b": Node(component="none", inputs={})})
    with pytest.raises(GraphInvalid) as caught:
        register_graph(wrong)
    assert len(caught.value.problems) == 3


def test_everything_that_keeps_a_graph_from_running_is_told_at_once_and_nothing_is_started(tmp_path):
    from interfaces.database.component_records import find_components, save_component
    from interfaces.database.graph_records import save_graph
    from interfaces.site import get_site

    with get_site().database.session() as session:
        puppet = find_components(session, ["puppet-report"])["puppet-report"]
        save_component(session, replace(puppet, slug="huge", title="Huge", memory_gb=99999, gpu_type="A100"))
        bad = Node(component="huge", inputs={"script": Source.from_text("first")})
        inner = Graph(title="Inner", slug="inner", inputs={"first": "script"}, nodes={"deep": bad}, outputs={})
        nodes = {
            "in": Node(graph="inner", inputs={"first": Source.from_text("first")}),
            "odd": Node(component="puppet-report", inputs={"script": Source.from_text("scan")}),
        }
        outer = Graph(title="Outer", slug="much", inputs={"first": "script", "scan": "scan"}, nodes=nodes, outputs={})
        save_graph(session, inner)
        save_graph(session, outer)
    before = jobs_so_far()
    with pytest.raises(GraphInvalid) as caught:
        run_graph("much", {"first": 1, "scan": tmp_path / "none.mha", "frist": 2})
    text = json.dumps(caught.value.problems)
    for part in (
        "the component 'huge' has no container image",
        "99999 GB of memory can never be had on this machine",
        "a GPU of type A100 is needed",
        "the input 'script' of the node 'odd' can't take scan",
        "the input 'first' ",
        "the input 'scan' ",
        "the input 'frist' is no input of the graph 'much'; did you mean 'first'?",
    ):
        assert part in text, text
    assert jobs_so_far() == before


def test_one_component_can_still_be_run_by_itself():
    assert run_component("puppet-gather", {"script": ADD, "everything": [1]}).outputs["report"].value == {"all": [1]}

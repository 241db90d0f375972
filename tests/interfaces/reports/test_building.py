"""Records of runs as reports."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from report_records import BEGIN, a_job

from interfaces.batch_records import MOST_FAILED, MOST_SUCCEEDED, BatchRecord, SomeCases
from interfaces.batch_rows import CaseOutcome
from interfaces.batch_summary import BatchSummary
from interfaces.crates.records import GraphRecord
from interfaces.graph import Graph
from interfaces.job_status import JobStatus
from interfaces.reports.building import MOST_STEPS, batch_report, graph_report


def a_run(**changes) -> GraphRecord:
    graph = Graph(title="Brain volumetry", slug="brain-volumetry", inputs={}, nodes={}, outputs={})
    end = BEGIN + timedelta(seconds=30)
    return GraphRecord(**{"id": uuid4(), "graph": graph, "started_at": BEGIN, "completed_at": end, **changes})


def test_a_job_of_before_is_told_apart_also_where_another_run_began_it():
    earlier, other = a_job(created=BEGIN - timedelta(days=1)), a_job(created=BEGIN - timedelta(seconds=1))
    own = a_job(cpu_seconds=3, compute_cost_euro_millicents=2500)
    run = a_run(jobs={"a": earlier, "b": other, "c": own}, reused=frozenset({"a"}))
    report = graph_report(run)
    assert {step.name: step.is_reused for step in report.steps} == {"a": True, "b": True, "c": False}
    assert report.jobs == (own,)
    facts = dict(report.facts)
    assert facts["Jobs"] == "1 ran, 2 taken from earlier runs"
    assert (facts["CPU time"], facts["Cost"]) == ("3.00 s", "0.02500 EUR")


def test_of_a_thousand_nodes_all_that_failed_are_kept():
    failed = {f"bad[{number}]": a_job(JobStatus.FAILURE) for number in range(20)}
    report = graph_report(
        a_run(jobs={f"good[{number}]": a_job() for number in range(1000)} | failed, error_message="x")
    )
    assert (len(report.steps), report.omitted) == (MOST_STEPS, 1020 - MOST_STEPS)
    assert len(report.failures) == 20
    assert report.failures_first[:20] == report.failures
    assert report.status is JobStatus.FAILURE


def test_of_a_million_cases_some_are_kept_those_that_failed_first():
    some = SomeCases()
    for number in range(10_000):
        status = JobStatus.FAILURE if number % 2 else JobStatus.SUCCESS
        some.add(f"case {number}", CaseOutcome(status=status, message="too dark " * 1000, duration_s=2))
    assert len(some.kept) == MOST_FAILED + MOST_SUCCEEDED
    assert some.kept[0].name == "case 1"
    assert len(some.kept[0].message) == 1024
    summary = BatchSummary(name="b", cases=10_000, succeeded=5000, kept=0, failed=5000, reasons=(), seconds=9)
    end = BEGIN + timedelta(seconds=9)
    report = batch_report(BatchRecord(id=uuid4(), summary=summary, cases=some.kept, started_at=BEGIN, completed_at=end))
    assert report.omitted == 10_000 - len(some.kept)
    assert report.message == "5000 of 10000 cases failed."
    assert report.steps[0].duration_s == 2

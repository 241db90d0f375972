"""How far a batch is, and how long the rest takes."""

from __future__ import annotations

import time

import pytest

from flows.batch_progress import BatchProgress, Clock, shown_by
from flows.commands.batching import _left, _Lines
from interfaces.batch_summary import Tally
from interfaces.job_status import JobStatus


def clock(*, total: int, parallel: int, ran: int = 0, kept: int = 0, ago_s: float = 0, expected_s=None) -> Clock:
    tally = Tally()
    tally.kept = kept
    for number in range(ran):
        tally.count(str(number), JobStatus.FAILURE if number == 0 else JobStatus.SUCCESS, "")
    made = Clock(tally=tally, total=total, parallel=parallel, components=(), started=time.monotonic() - ago_s)
    made._expected_s = expected_s
    return made


@pytest.mark.parametrize(
    ("situation", "left_s"),
    [
        ({"total": 10, "parallel": 2}, None),
        ({"total": 10, "parallel": 2, "expected_s": 3}, 15),
        ({"total": 1, "parallel": 4, "expected_s": 3}, 3),
        ({"total": 10, "parallel": 2, "ran": 1, "expected_s": 3, "ago_s": 100}, 13.5),
        ({"total": 10, "parallel": 2, "ran": 2, "expected_s": 3, "ago_s": 4}, 16),
        ({"total": 10, "parallel": 4, "ran": 1, "ago_s": 2}, 18),
        ({"total": 110, "parallel": 2, "ran": 2, "kept": 100, "ago_s": 4}, 16),
        ({"total": 10, "parallel": 2, "ran": 10, "ago_s": 4}, 0),
    ],
)
def test_the_rest_takes_what_the_cases_took_so_far_or_earlier_jobs_did(situation, left_s):
    assert clock(**situation).now().left_s == (None if left_s is None else pytest.approx(left_s, abs=0.1))


def test_progress_is_told_in_one_line(capsys, monkeypatch):
    progress = clock(total=110, parallel=2, ran=2, kept=100, ago_s=4).now()
    assert progress.text == "102 of 110 cases, 1 failed, 100 from before"
    assert _left(progress).startswith(", about 16.0")
    lines = _Lines()
    lines(progress)
    assert capsys.readouterr().err == ""
    lines._told -= 60
    lines(progress)
    lines(progress)
    assert capsys.readouterr().err.count("\n") == 1
    assert lines.last == progress


@pytest.mark.engine
def test_a_batch_tells_how_far_it_is_and_leaves_artifacts(puppets, ask):
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

    from flows import run_batch_to_file
    from interfaces.site import get_site

    told: list[BatchProgress] = []
    script = "import sys; sys.exit('*no* <b>')"
    with get_site().scratch() as folder, shown_by(told.append):
        summary = run_batch_to_file("puppet-report", [{"script": script}, {"script": 1}], folder / "results.csv")
    assert (told[-1].done, told[-1].failed, told[-1].total, told[-1].left_s) == (2, 2, 2, 0)
    assert summary.flow_run_id is not None
    run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[summary.flow_run_id]))
    artifacts = {one.key: one for one in ask(lambda client: client.read_artifacts(artifact_filter=run))}
    assert artifacts["batch"].data == 100
    assert artifacts["batch"].description == "2 of 2 cases, 2 failed"
    page = artifacts["batch-puppet-report"].data
    assert "0 of 2 cases succeeded; 2 failed\\." in page
    assert "\\*no\\* &lt;b&gt;" in page
    assert page.index("## What failed") < page.index("## Cases")

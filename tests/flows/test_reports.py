"""Reports as files: of whatever ran, and of a period."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner
from phases import write_phase
from puppet_scripts import MASK, REPORT

from flows import evaluate, run_batch, run_graph
from flows.cli import commands
from interfaces.errors import ComponentFlowsError, DefinitionError, ServiceUnavailable, UnknownName

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

ANSWER = "# a\nimport json; json.dump({'answer': 1}, open('/output/report.json', 'w'))"
FAILING = "import sys; sys.exit('too </h1> dark')"


def report(*arguments: object) -> str:
    result = CliRunner().invoke(commands, ["report", *map(str, arguments)])
    if isinstance(result.exception, ComponentFlowsError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output.strip()


def headings(page: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", page)


def test_every_kind_of_run_has_a_report_that_puts_failures_first(scan, tmp_path):
    inputs = {"first": MASK.format(voxels="[0, 1] * 4"), "others": REPORT.format(report="{}"), "image": scan}
    graph = run_graph("puppet-diamond", inputs)
    page = Path(report(str(graph.flow_run_id)[:13], "-o", tmp_path / "graph.html")).read_text()
    assert headings(page) == ["Outputs", "Timeline", "Resources", "Inputs", "Nodes", "Container images", "Details"]
    assert page.count("data:image/png;base64,") == 2  # the mask, and the image that came in
    assert graph.jobs["top"].image.sha256 in page

    job = graph.jobs["top"]
    page = Path(report(job.id, "--in-ui", "-o", tmp_path / "job.html")).read_text()
    assert headings(page)[0] == "Outputs"
    assert str(job.id) in page

    cases = [{"case": "fine", "script": REPORT.format(report="{}")}, {"case": "dark", "script": FAILING}]
    results = tmp_path / "results.csv"
    table = run_batch("puppet-report", cases, results=results)
    from interfaces import ComponentJob

    failed = ComponentJob.objects.get(table["job"][1])
    with pytest.raises(UnknownName, match="no job, run or evaluation"):
        report(uuid4())
    batch = _batch_of(results)
    page = Path(report(batch, "-o", tmp_path / "batch.html")).read_text()
    assert headings(page)[0] == "What went wrong"
    assert "too &lt;/h1&gt; dark" in page
    assert "too </h1>" not in page
    assert page.index("dark</b>") < page.index("fine</b>")
    assert str(results) in page
    assert str(failed.id) in page

    phase = write_phase(tmp_path / "phase", f"Reported {tmp_path.name}")
    result = evaluate(phase, "puppet-report", [{"case": "one", "script": ANSWER}])
    page = Path(report(result.evaluation.id, "-o", tmp_path / "evaluation.html")).read_text()
    assert "<th>Rank</th><td>1 of 1</td>" in page
    assert "<b>one</b>" in page


def _batch_of(results: Path) -> str:
    from sqlalchemy import select

    from interfaces.database.run_tables import BatchRow
    from interfaces.site import get_site

    with get_site().database.session() as session:
        rows = session.scalars(select(BatchRow).order_by(BatchRow.started_at.desc())).all()
    return next(str(row.id) for row in rows if row.summary["results"] == str(results))


def test_a_period_has_tables_and_charts_and_an_empty_one_says_so(tmp_path, home):
    run_batch("puppet-report", [{"script": REPORT.format(report="{}")}, {"script": FAILING}])
    page = Path(report("--since", "1d", "-o", tmp_path / "period.html")).read_text()
    assert headings(page)[0] == "What went wrong"
    assert {"Jobs a day", "By component and image version", "Days"} <= set(headings(page))
    assert page.count('<img alt="Jobs a day') == 1
    assert "puppet-report" in page
    own = Path(report("--component", "puppet-mask", "--until", "2020-01-01"))
    assert own.parent == home / "reports"
    assert "No jobs were created in that time." in own.read_text()


def test_what_can_not_be_reported_has_one_sentence(tmp_path):
    with pytest.raises(DefinitionError, match="of one run or of a period"):
        report("abcd", "--since", "30d")
    with pytest.raises(DefinitionError, match="neither an age"):
        report("--since", "yesterday")
    with pytest.raises(UnknownName, match="no job, run or evaluation 'zz' is known"):
        report("zz")
    (tmp_path / "file").write_text("")
    with pytest.raises(ServiceUnavailable, match="can't be written to"):
        report("--since", "1d", "-o", tmp_path / "file" / "report.html")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]

"""``export`` and ``import-crate`` on the command line, with a real run."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from puppet_scripts import REPORT

from flows import run_component
from flows.cli import commands
from interfaces.errors import UnknownName

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]


def test_a_run_is_exported_imported_and_run_again(call, tmp_path):
    job = run_component("puppet-report", {"script": REPORT.format(report="{'by': 'hand'}")})
    crate = tmp_path / "crate.zip"
    assert call("export", str(job.id)[:8], "-o", str(crate), "--author", "Ada").strip() == str(crate)
    text = call("import-crate", str(crate), "--run")
    assert text.splitlines()[0] == "component: puppet-report"
    assert "report: the same" in text
    document = json.loads(call("import-crate", str(crate), "--json"))
    assert document["component"] == "puppet-report"
    assert document["outputs"] == {"report": job.outputs["report"].sha256}
    assert document["inputs"]["script"]["sha256"] == job.inputs["script"].sha256
    assert document["changed"] == []


def test_an_unknown_run_is_refused(tmp_path):
    done = CliRunner().invoke(commands, ["export", "ffff0000", "-o", str(tmp_path / "crate")])
    assert isinstance(done.exception, UnknownName)
    assert not (tmp_path / "crate").exists()

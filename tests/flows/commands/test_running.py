"""What a run that is asked for twice says of itself on the command line."""

from __future__ import annotations

import re

import click
import pytest
from puppet_scripts import MASK, REPORT

from flows.cli import commands

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

REUSED = r"did not run: its outputs are those of the job [0-9a-f]{8}"


def test_a_component_is_reused_where_that_is_asked_for(call):
    script = REPORT.format(report="{'by': 'the command'}")
    asked = ("run", "puppet-report", "-i", f"script={script}")
    assert re.match(r"puppet-report: Succeeded in [\d.]+ s, (\d+ MB|-)\n", call(*asked))
    again = call(*asked, "--reuse")
    assert re.match(rf"puppet-report: {REUSED}\nreport = ", again)
    refreshed = call(*asked, "--reuse", "--refresh")
    assert re.match(r"puppet-report: Succeeded in .*; ran: a refresh was asked for\n", refreshed)


def test_a_graph_says_of_each_node_whether_and_why_it_ran(call, scan):
    first = MASK.format(voxels="[1, 1] * 4") + "\n# by the command"
    others = REPORT.format(report="{'for': 'the command'}")
    asked = ("-i", f"first={first}", "-i", f"others={others}", "-i", f"image={scan}")
    call("run", "puppet-diamond", *asked)
    planned = call("plan", "puppet-diamond", *asked)
    assert len(re.findall("cached", planned)) >= 4
    again = call("run", "puppet-diamond", *asked, "--refresh-node", "top")
    assert re.search(r"^top: Succeeded in .*; ran: a refresh was asked for$", again, re.MULTILINE)
    assert len(re.findall(rf"^(left|right|apart): {REUSED}$", again, re.MULTILINE)) == 3
    job = re.search(r"left: .* job (\w+)", again)[1]
    assert re.search(r"^ran, since +", call("show", job), re.MULTILINE)


def test_a_component_has_no_nodes_to_refresh():
    asked = ["run", "puppet-report", "-i", "script=1", "--refresh-node", "top"]
    with pytest.raises(click.BadParameter, match="'puppet-report' is a component, and has no nodes"):
        commands(asked, standalone_mode=False)

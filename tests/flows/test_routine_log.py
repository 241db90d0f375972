"""What the log of a run has, and what its states say alone."""

from __future__ import annotations

import contextlib
import logging

import pytest
from prefect import flow, task

from flows.calling import component_flow
from flows.routine_log import LOGGERS, STEPS, is_news, leave_out_routine
from flows.server import ensure_server
from flows.server_settings import client_settings
from tasks.chain import chain
from tasks.collect_outputs import collect_outputs
from tasks.execute import execute
from tasks.validate_inputs import validate_inputs

pytestmark = pytest.mark.usefixtures("home")


@task(name="execute")
async def of_ours():
    """A step of a job."""


@task(name="of somebody else")
async def of_others():
    """A task of a person's own flow."""


@component_flow(name="part", named_by=lambda parameters: "part")
async def part(fails=False):
    """A part of a run."""
    await of_ours()
    await of_others()
    logging.getLogger("prefect.flow_runs").info("said by hand")
    if fails:
        raise ValueError("too dark")


@flow(name="whole", flow_run_name="whole")
def whole(**given):
    """A person's flow."""
    part(**given)


def lines(caplog, **given):
    caplog.clear()
    with client_settings(ensure_server()), caplog.at_level(logging.INFO), contextlib.suppress(ValueError):
        whole(**given)
    return [record.getMessage() for record in caplog.records if record.name in LOGGERS]


def test_of_a_part_only_what_is_news_is_logged(caplog):
    found = lines(caplog)
    assert [text.partition(" for flow")[0] for text in found if text.startswith("Beginning")] == [
        "Beginning flow run 'whole'"
    ]
    assert len([text for text in found if text.startswith("View at")]) == 1
    # The task of somebody else, the part, and the whole.
    assert [text for text in found if text.startswith("Finished")] == ["Finished in state Completed()"] * 3
    assert found.count("said by hand") == 1


def test_a_failure_is_told(caplog):
    found = lines(caplog, fails=True)
    assert any("too dark" in text and text.startswith("Finished in state Failed") for text in found)


def test_whoever_looks_for_faults_sees_everything(caplog):
    prefect = logging.getLogger("prefect")
    before = prefect.level
    prefect.setLevel(logging.DEBUG)
    try:
        found = lines(caplog)
    finally:
        prefect.setLevel(before)
    assert any(text.startswith("Beginning subflow run 'part'") for text in found)
    assert [text for text in found if text.startswith("Finished")] == ["Finished in state Completed()"] * 4


def test_the_steps_are_the_tasks_of_a_job():
    assert {one.name for one in (validate_inputs, execute, collect_outputs, chain)} == STEPS


def test_it_is_asked_for_more_than_once_and_holds_once():
    leave_out_routine()
    leave_out_routine()
    assert [logging.getLogger(name).filters.count(is_news) for name in LOGGERS] == [1, 1]

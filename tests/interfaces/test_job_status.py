from __future__ import annotations

from itertools import pairwise

import pytest

from interfaces.errors import InvalidMove
from interfaces.job_status import FINAL, MOVES, JobStatus, check_move

LIFE = [
    JobStatus.PENDING,
    JobStatus.VALIDATING_INPUTS,
    JobStatus.PROVISIONING,
    JobStatus.PROVISIONED,
    JobStatus.EXECUTING,
    JobStatus.EXECUTED,
    JobStatus.PARSING,
    JobStatus.SUCCESS,
]


def test_the_numbers_and_labels_are_those_of_the_platform():
    assert {status.value: status.label for status in JobStatus} == {
        0: "Queued",
        1: "Started",
        2: "Re-Queued",
        3: "Failed",
        4: "Succeeded",
        5: "Cancelled",
        6: "Provisioning",
        7: "Provisioned",
        8: "Executing",
        9: "Executed",
        10: "Parsing Outputs",
        11: "Executing Algorithm",
        12: "External Execution In Progress",
        13: "Validating inputs",
    }


def test_every_status_has_a_row_in_the_table_of_moves():
    assert set(MOVES) == set(JobStatus)


@pytest.mark.parametrize(("old", "new"), list(pairwise(LIFE)))
def test_a_job_goes_through_its_life_step_by_step(old, new):
    check_move(old, new)


@pytest.mark.parametrize(("old", "new"), list(zip(LIFE, LIFE[2:], strict=False)))
def test_a_job_can_skip_the_validation_and_nothing_else(old, new):
    if old is JobStatus.PENDING:
        check_move(old, new)
    else:
        with pytest.raises(InvalidMove, match=f"{old.name} to {new.name}"):
            check_move(old, new)


@pytest.mark.parametrize("status", sorted(set(JobStatus) - FINAL))
def test_whatever_has_not_ended_can_fail_and_be_cancelled(status):
    check_move(status, JobStatus.FAILURE)
    check_move(status, JobStatus.CANCELLED)


@pytest.mark.parametrize("final", sorted(FINAL))
@pytest.mark.parametrize("new", list(JobStatus))
def test_nothing_follows_a_final_status(final, new):
    with pytest.raises(InvalidMove):
        check_move(final, new)

from __future__ import annotations

import asyncio

import pytest
from prefect.exceptions import CancelledRun

from interfaces.component import InterfaceSet
from interfaces.database.evaluation_records import load_evaluation
from interfaces.database.phase_records import save_phase
from interfaces.errors import ComponentException
from interfaces.evaluations import Evaluation
from interfaces.job_status import JobStatus
from interfaces.phase import Phase
from tasks.evaluation_records import ended_by, recorded

SETS = (InterfaceSet(inputs=("scan",), outputs=("mask",)),)


@pytest.fixture
def evaluation(site) -> Evaluation:
    with site.database.session() as session:
        save_phase(session, Phase(title="Test", slug="test", algorithm_interfaces=SETS, evaluation="compare"))
    return recorded(Evaluation(phase="test", algorithm="segmenter", version="sha256:a"))


def ended(site, evaluation: Evaluation) -> Evaluation:
    with site.database.session() as session:
        return load_evaluation(session, evaluation.id)


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (asyncio.CancelledError(), JobStatus.CANCELLED, "The evaluation was cancelled"),
        (CancelledRun(), JobStatus.CANCELLED, "The evaluation was cancelled"),
        (ComponentException("no lesion found"), JobStatus.FAILURE, "no lesion found"),
        (RuntimeError("at 0x7f: secret"), JobStatus.FAILURE, "An unexpected error occurred"),
    ],
)
def test_whatever_breaks_an_evaluation_off_its_end_is_written(site, evaluation, error, status, message):
    asyncio.run(ended_by(evaluation, error))
    found = ended(site, evaluation)
    assert (found.status, found.error_message) == (status, message)
    assert found.completed_at is not None


def test_its_end_is_written_though_its_task_is_cancelled(site, evaluation):
    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError as error:
            await ended_by(evaluation, error)
            raise

    async def main() -> None:
        task = asyncio.create_task(work())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert ended(site, evaluation).status is JobStatus.CANCELLED

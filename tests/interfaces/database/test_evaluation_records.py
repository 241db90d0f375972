"""Phases and submissions in both databases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from interfaces.component import InterfaceSet
from interfaces.database.evaluation_records import (
    add_case,
    list_evaluations,
    load_cases,
    load_evaluation,
    save_evaluation,
)
from interfaces.database.phase_records import find_phases, save_phase
from interfaces.errors import InvalidMove, UnknownName
from interfaces.evaluations import EvaluatedCase, Evaluation, FailedCases
from interfaces.job_status import JobStatus
from interfaces.owners import Owner
from interfaces.phase import Direction, PerAlgorithm, Phase, RankingBy, RankingMetric

PHASE = Phase(
    title="Test",
    slug="test",
    description="All of it",
    algorithm_interfaces=(InterfaceSet(inputs=("scan",), outputs=("mask", "report")),),
    evaluation="compare",
    ground_truth=Path("/truth.tar.gz"),
    archive="brains",
    additional_inputs=("threshold",),
    additional_outputs=("figure",),
    time_limit=60,
    memory_gb=0.5,
    ranking=(RankingMetric(metric="a.b", direction=Direction.ASCENDING, title="A"),),
    ranking_by=RankingBy.MEDIAN,
    per_algorithm=PerAlgorithm.LATEST,
)


def an_evaluation(**changes) -> Evaluation:
    return Evaluation(**{"phase": "test", "algorithm": "segmenter", "version": "sha256:" + "a" * 64, **changes})


def test_a_phase_comes_back_as_it_was_saved(database):
    with database.session() as session:
        assert save_phase(session, PHASE)
        assert not save_phase(session, PHASE)
    with database.session() as session:
        assert find_phases(session) == {"test": PHASE}
        changed = replace(PHASE, ground_truth=None, memory_gb=None, ranking=())
        assert save_phase(session, changed)
        assert find_phases(session, ["test"])["test"] == changed
        with pytest.raises(UnknownName, match="did you mean 'test'"):
            find_phases(session, ["tset"])


def test_a_submission_is_written_step_by_step_and_its_end_stays(database):
    evaluation = an_evaluation(failed_cases=FailedCases.SCORE, flow_run_id=uuid4())
    with database.session() as session:
        save_phase(session, PHASE)
        save_evaluation(session, evaluation)
        save_evaluation(session, evaluation.at(JobStatus.EXECUTING))
    with database.session() as session:
        assert load_evaluation(session, str(evaluation.id)[:8]) == evaluation.at(JobStatus.EXECUTING)
        ended = evaluation.at(JobStatus.FAILURE, error_message="x" * 2000)
        save_evaluation(session, ended)
    assert len(ended.error_message) == 1024
    with database.session() as session:
        assert list_evaluations(session, "test") == [ended]
        assert list_evaluations(session, "test", status=JobStatus.SUCCESS) == []
        with pytest.raises(InvalidMove, match="has ended"):
            save_evaluation(session, evaluation.at(JobStatus.CANCELLED))
        with pytest.raises(UnknownName, match="no evaluation 'zz' is known"):
            load_evaluation(session, "zz")
    with pytest.raises(InvalidMove, match="has ended"):
        ended.at(JobStatus.EXECUTING)


def test_cases_come_back_in_their_order_whichever_ended_first(database):
    evaluation = an_evaluation()
    failed = EvaluatedCase(name="b", error_message="no lesion found", jobs={"count": uuid4()})
    done = EvaluatedCase(name="a", pk=uuid4(), version="sha256:b", jobs={"": uuid4()}, exec_duration_s=1.5)
    with database.session() as session:
        save_phase(session, PHASE)
        save_evaluation(session, evaluation)
        add_case(session, evaluation.id, 1, failed)
        add_case(session, evaluation.id, 0, done)
    with database.session() as session:
        assert load_cases(session, evaluation.id) == [done, failed]


def test_a_submission_of_a_process_that_is_gone_was_interrupted():
    gone = replace(Owner.current(), started="1")
    assert an_evaluation(runner=str(gone)).was_interrupted
    assert not an_evaluation().was_interrupted
    assert not an_evaluation(runner=str(gone), status=JobStatus.SUCCESS).was_interrupted

"""Why cases failed, grouped."""

from __future__ import annotations

from interfaces.batch_summary import MAX_NAMED, MAX_REASONS, Tally
from interfaces.job_status import JobStatus


def test_cases_that_failed_for_one_reason_are_counted_together():
    tally = Tally()
    tally.kept = 2
    tally.count("good", JobStatus.SUCCESS, "")
    for number in range(MAX_NAMED + 5):
        tally.count(f"c{number}", JobStatus.CANCELLED, f"the image /data/c{number}.mha does not exist")
    tally.count("dark", JobStatus.FAILURE, "too dark: 0.25 of 'scan 7'")
    tally.count("darker", JobStatus.FAILURE, "too dark: 0.1 of 'scan 12'")
    assert (tally.succeeded, tally.failed, tally.kept, tally.done) == (1, MAX_NAMED + 7, 2, MAX_NAMED + 10)
    most, least = tally.reasons
    assert (most.message, most.count) == ("the image /data/c0.mha does not exist", MAX_NAMED + 5)
    assert most.cases == tuple(f"c{number}" for number in range(MAX_NAMED))
    assert (least.message, least.count, least.cases) == ("too dark: 0.25 of 'scan 7'", 2, ("dark", "darker"))


def test_ever_new_reasons_do_not_fill_the_memory():
    tally = Tally()
    for number in range(3 * MAX_REASONS):
        tally.count(str(number), JobStatus.FAILURE, "x" * (number + 1))
    assert len(tally.reasons) == MAX_REASONS + 1
    assert (tally.reasons[0].message, tally.reasons[0].count) == ("other reasons", 2 * MAX_REASONS)
    assert sum(reason.count for reason in tally.reasons) == tally.failed

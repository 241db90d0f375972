from __future__ import annotations

import pytest

from interfaces.errors import InvalidMove
from interfaces.import_status import FINAL, IMPORT_MOVES, ImportStatusChoices, check_import_move

S = ImportStatusChoices


def test_the_numbers_are_those_of_the_public_platform():
    assert {status.name: status.value for status in S} == {
        "INITIALIZED": 0,
        "QUEUED": 1,
        "RETRY": 2,
        "STARTED": 3,
        "CANCELLED": 4,
        "FAILED": 5,
        "COMPLETED": 6,
    }
    assert S.RETRY.label == "Re-Queued"


def test_every_state_has_its_row_in_the_table():
    assert set(IMPORT_MOVES) == set(S)


def test_an_import_goes_from_its_record_to_its_end():
    for old, new in (
        (S.INITIALIZED, S.QUEUED),
        (S.QUEUED, S.STARTED),
        (S.STARTED, S.RETRY),
        (S.RETRY, S.STARTED),
        (S.STARTED, S.COMPLETED),
    ):
        check_import_move(old, new)


@pytest.mark.parametrize("status", sorted(FINAL))
def test_from_an_end_only_a_new_import_leads_on(status):
    assert status.is_final
    assert IMPORT_MOVES[status] == {S.QUEUED}


@pytest.mark.parametrize("status", sorted(set(S) - FINAL))
def test_an_unfinished_import_can_fail_and_be_cancelled(status):
    assert not status.is_final
    assert {S.FAILED, S.CANCELLED} <= IMPORT_MOVES[status]


@pytest.mark.parametrize(("old", "new"), [(S.QUEUED, S.COMPLETED), (S.COMPLETED, S.FAILED), (S.RETRY, S.COMPLETED)])
def test_a_move_that_the_table_lacks_is_refused(old, new):
    with pytest.raises(InvalidMove, match=f"from {old.name} to {new.name}"):
        check_import_move(old, new)

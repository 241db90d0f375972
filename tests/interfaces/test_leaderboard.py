from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pandas as pd
import pytest

from interfaces.component import InterfaceSet
from interfaces.errors import ValidationError
from interfaces.leaderboard import Entry, leaderboard_of, ranked, score_of, scores_of, shared_ranks
from interfaces.phase import Direction, PerAlgorithm, Phase, RankingBy, RankingMetric

START = datetime(2026, 1, 1, tzinfo=UTC)
DICE = RankingMetric(metric="dice", direction=Direction.DESCENDING, title="Dice")
HD = RankingMetric(metric="hd", direction=Direction.ASCENDING, title="Hausdorff distance")
TIME = RankingMetric(metric="time", direction=Direction.ASCENDING, title="Time")


def a_phase(*ranking: RankingMetric, **changes) -> Phase:
    return Phase(
        title="Test",
        slug="test",
        algorithm_interfaces=(InterfaceSet(inputs=("scan",), outputs=("mask",)),),
        evaluation="compare",
        ranking=ranking or (DICE,),
        **changes,
    )


def entries(*scores: dict[str, float], names: str = "abcdefgh") -> list[Entry]:
    return [
        Entry(evaluation=uuid4(), algorithm=name, version="", created=START + timedelta(hours=number), scores=one)
        for number, (name, one) in enumerate(zip(names, scores, strict=False))
    ]


def places(board: list[Entry]) -> list[tuple[str, int | None]]:
    return [(one.algorithm, one.rank) for one in board]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("numbers", [[], [3.0], [1.0, 2.0, 2.0, 4.0], [5.0, 5.0, 5.0], [0.1, -7.0, 0.1, 9e9, -7.0]])
def test_equal_numbers_share_the_better_rank_and_the_next_is_left_out(numbers, descending):
    expected = pd.Series(numbers, dtype=float).rank(method="min", ascending=not descending)
    assert shared_ranks(numbers, descending=descending) == expected.tolist()


def test_one_two_two_four():
    assert shared_ranks([0.9, 0.8, 0.8, 0.7], descending=True) == [1, 2, 2, 4]


def test_by_the_first_metric_alone_the_others_are_only_shown():
    board = ranked(a_phase(DICE, HD), entries({"dice": 0.7, "hd": 1}, {"dice": 0.9, "hd": 9}, {"dice": 0.8}))
    assert places(board) == [("b", 1), ("c", 2), ("a", 3)]
    assert board[0].ranks == {"dice": 1}


SCORES = ({"dice": 0.9, "hd": 9, "time": 9}, {"dice": 0.8, "hd": 1, "time": 2}, {"dice": 0.7, "hd": 2, "time": 1})


@pytest.mark.parametrize(
    ("ranking_by", "positions", "expected"),
    [
        # Ranks: a 1 3 3, b 2 1 2, c 3 2 1.
        (RankingBy.MEAN, {"a": 7 / 3, "b": 5 / 3, "c": 2}, [("b", 1), ("c", 2), ("a", 3)]),
        (RankingBy.MEDIAN, {"a": 3, "b": 2, "c": 2}, [("b", 1), ("c", 1), ("a", 3)]),
    ],
)
def test_several_metrics_are_ranked_first_and_their_ranks_are_put_together(ranking_by, positions, expected):
    board = ranked(a_phase(DICE, HD, TIME, ranking_by=ranking_by), entries(*SCORES))
    assert {one.algorithm: one.position for one in board} == pytest.approx(positions)
    assert places(board) == expected
    assert board[-1].ranks == {"dice": 1, "hd": 3, "time": 3}


def test_who_lacks_a_number_that_counts_comes_last_without_a_rank():
    phase = a_phase(DICE, HD, ranking_by=RankingBy.MEAN)
    board = ranked(phase, entries({"dice": 1.0}, {"dice": 0.5, "hd": 1}, {}))
    assert places(board) == [("b", 1), ("a", None), ("c", None)]
    assert places(ranked(a_phase(ranking_by=RankingBy.MEAN), entries({}))) == [("a", None)]


def test_a_phase_that_ranks_nothing_has_no_ranks():
    phase = Phase(title="Test", slug="test", algorithm_interfaces=(), evaluation="compare")
    assert places(ranked(phase, entries({"dice": 1}))) == [("a", None)]


REPEATED = [{"dice": one} for one in (0.5, 0.9, 0.7, 0.8)]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (PerAlgorithm.BEST, [("a", 1, 0.9), ("b", 2, 0.8)]),
        (PerAlgorithm.LATEST, [("b", 1, 0.8), ("a", 2, 0.7)]),
        (PerAlgorithm.ALL, [("a", 1, 0.9), ("b", 2, 0.8), ("a", 3, 0.7), ("a", 4, 0.5)]),
    ],
)
def test_of_one_algorithm_the_best_the_latest_or_all_submissions_stand_on_it(choice, expected):
    given = entries(*REPEATED, names="aaab")
    own = leaderboard_of(a_phase(per_algorithm=choice), given)
    for board in (own, leaderboard_of(a_phase(), given, per_algorithm=choice)):
        assert [(one.algorithm, one.rank, one.scores["dice"]) for one in board] == expected


def test_a_submission_can_stand_for_its_algorithm_whatever_the_choice():
    given = entries(*REPEATED, names="aaab")
    board = leaderboard_of(a_phase(), given, standing=given[0].evaluation)
    assert [(one.evaluation, one.rank) for one in board] == [(given[3].evaluation, 1), (given[0].evaluation, 2)]


def test_of_equal_submissions_the_earlier_one_is_the_best():
    given = entries({"dice": 0.9}, {"dice": 0.9}, names="aa")
    (only,) = leaderboard_of(a_phase(), reversed(given))
    assert only.evaluation == given[0].evaluation


METRICS = {"aggregates": {"dice": 0.5, "n": 3, "fine": True, "name": "x", "all": [1], "none": None, "big": 10**400}}


@pytest.mark.parametrize(("metric", "number"), [("aggregates.dice", 0.5), ("aggregates.n", 3.0)])
def test_a_metric_is_found_by_dotted_keys(metric, number):
    assert score_of(METRICS, metric) == number


@pytest.mark.parametrize(
    ("metrics", "metric", "message"),
    [
        (METRICS, "dice", "is not in metrics.json: there is no 'dice'"),
        (METRICS, "aggregates.hd", "is not in metrics.json: 'aggregates' has no 'hd'"),
        (METRICS, "aggregates.dice.mean", "is not in metrics.json: 'aggregates.dice' has no 'mean'"),
        (METRICS, "aggregates.all.0", "is not in metrics.json: 'aggregates.all' has no '0'"),
        (METRICS, "aggregates.fine", "is True, and no number"),
        (METRICS, "aggregates.name", "is 'x', and no number"),
        (METRICS, "aggregates.all", "is a list, and no number"),
        (METRICS, "aggregates", "is an object, and no number"),
        (METRICS, "aggregates.none", "is null, and no number"),
        (METRICS, "aggregates.big", "is no finite number"),
        ([1, 2], "dice", "there is no 'dice'"),
        (None, "dice", "there is no 'dice'"),
    ],
)
def test_what_is_no_number_is_one_sentence(metrics, metric, message):
    with pytest.raises(ValidationError) as caught:
        score_of(metrics, metric)
    assert str(caught.value).startswith(f"the ranking metric '{metric}' ")
    assert message in str(caught.value)


def test_numbers_that_are_there_are_kept_beside_what_is_missing():
    scores, problems = scores_of({"dice": 1}, [DICE, HD])
    assert scores == {"dice": 1.0}
    assert problems == ("the ranking metric 'hd' is not in metrics.json: there is no 'hd'",)

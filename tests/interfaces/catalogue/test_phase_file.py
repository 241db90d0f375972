from __future__ import annotations

import pytest

from interfaces.component import InterfaceSet
from interfaces.phase import Direction, PerAlgorithm, RankingBy, RankingMetric
from interfaces.settings import get_settings

WHOLE = """\
phase:
  title: Preliminary test
  slug: preliminary
  description: Brain tissues
  algorithm_interfaces:
    - {inputs: [t1-brain-mri], outputs: [brain-tissues]}
    - {inputs: [t1-brain-mri, lesion-mask], outputs: [brain-tissues, report]}
  evaluation: {component: tissue-agreement}
  ground_truth: truth.tar.gz
  archive: brains
  additional_inputs: [threshold]
  additional_outputs: [figure]
  limits: {time_limit: 600, memory_gb: 4}
  ranking:
    - {metric: aggregates.dice.mean, direction: descending, title: Dice}
    - {metric: hd95, direction: ascending}
  ranking_by: median
  per_algorithm: latest
"""


@pytest.fixture(autouse=True)
def default_settings(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def a_phase(**changes: str) -> str:
    """A definition whose line 3 is the interfaces, line 4 the evaluation, and then one line a change."""
    fields = {
        "title": "Test",
        "algorithm_interfaces": "[{inputs: [mri], outputs: [tissues]}]",
        "evaluation": "{component: compare}",
        **changes,
    }
    return "phase:\n" + "".join(f"  {key}: {value}\n" for key, value in fields.items() if value != "-")


def test_every_key_is_read(write, read):
    truth = write(b"", "truth.tar.gz")
    (phase,) = read(WHOLE).phases
    assert (phase.title, phase.slug, phase.description) == ("Preliminary test", "preliminary", "Brain tissues")
    assert phase.algorithm_interfaces == (
        InterfaceSet(inputs=("t1-brain-mri",), outputs=("brain-tissues",)),
        InterfaceSet(inputs=("t1-brain-mri", "lesion-mask"), outputs=("brain-tissues", "report")),
    )
    assert (phase.evaluation, phase.ground_truth, phase.archive) == ("tissue-agreement", truth, "brains")
    assert phase.evaluation_inputs == ("predictions-json-file", "threshold")
    assert phase.evaluation_outputs == ("metrics-json-file", "figure")
    assert (phase.time_limit, phase.memory_gb) == (600, 4)
    assert phase.ranking == (
        RankingMetric(metric="aggregates.dice.mean", direction=Direction.DESCENDING, title="Dice"),
        RankingMetric(metric="hd95", direction=Direction.ASCENDING, title="hd95"),
    )
    assert (phase.ranking_by, phase.per_algorithm) == (RankingBy.MEDIAN, PerAlgorithm.LATEST)


def test_what_may_be_left_out_has_a_default(read):
    (phase,) = read(a_phase()).phases
    assert (phase.slug, phase.ground_truth, phase.archive) == ("test", None, "")
    assert (phase.time_limit, phase.memory_gb, phase.ranking) == (None, None, ())
    assert (phase.ranking_by, phase.per_algorithm) == (RankingBy.FIRST, PerAlgorithm.BEST)


SAME = "[{inputs: [a, b], outputs: [c]}, {inputs: [b, a], outputs: [d]}]"


@pytest.mark.parametrize(
    ("changes", "line", "key", "message"),
    [
        ({"title": "-"}, 1, "", "lacks the key 'title'"),
        ({"evaluation": "-"}, 1, "", "lacks the key 'evaluation'"),
        ({"rankng": "[]"}, 5, "rankng", "did you mean 'ranking'?"),
        ({"algorithm_interfaces": "[]"}, 3, "algorithm_interfaces", "needs at least one set of inputs and outputs"),
        ({"algorithm_interfaces": "[{inputs: [a]}]"}, 3, "algorithm_interfaces[0]", "lacks the key 'outputs'"),
        (
            {"algorithm_interfaces": "[{inputs: [], outputs: [a]}]"},
            3,
            "algorithm_interfaces[0].inputs",
            "needs at least one input",
        ),
        (
            {"algorithm_interfaces": SAME},
            3,
            "algorithm_interfaces[1].inputs",
            "are the same as in algorithm_interfaces[0]; a case's inputs pick the set, so they must differ",
        ),
        ({"evaluation": "compare"}, 4, "evaluation", "must be a mapping"),
        ({"evaluation": "{componnet: compare}"}, 4, "evaluation.componnet", "did you mean 'component'?"),
        ({"ground_truth": "truth.tar.gz"}, 5, "ground_truth", "does not exist"),
        ({"ground_truth": "any.yaml"}, 5, "ground_truth", "must end in .tar.gz or .tgz, not any.yaml"),
        (
            {"additional_inputs": "[a, predictions-json-file]"},
            5,
            "additional_inputs[1]",
            "is there in every evaluation; leave it out",
        ),
        ({"additional_outputs": "[metrics-json-file]"}, 5, "additional_outputs[0]", "leave it out"),
        ({"additional_inputs": "[a, a]"}, 5, "additional_inputs[1]", "'a' is there twice"),
        ({"limits": "600"}, 5, "limits", "must be a mapping"),
        ({"limits": "{time_limt: 600}"}, 5, "limits.time_limt", "did you mean 'time_limit'?"),
        ({"limits": "{time_limit: 0}"}, 5, "limits.time_limit", "0 s is not allowed here"),
        ({"limits": "{memory_gb: 0.01}"}, 5, "limits.memory_gb", "0.01 GB is not allowed here"),
        ({"ranking": "[{metric: a}]"}, 5, "ranking[0]", "lacks the key 'direction'"),
        ({"ranking": "[{metric: a, direction: up}]"}, 5, "ranking[0].direction", "'up' is not known"),
        ({"ranking": "[{metric: a..b, direction: ascending}]"}, 5, "ranking[0].metric", "'a..b' names no metric"),
        (
            {"ranking": "[{metric: a, direction: ascending}, {metric: a, direction: descending}]"},
            5,
            "ranking[1].metric",
            "'a' is in ranking[0] already",
        ),
        ({"ranking_by": "sum"}, 5, "ranking_by", "'sum' is not known; known are first, mean, median"),
        ({"per_algorithm": "worst"}, 5, "per_algorithm", "'worst' is not known"),
    ],
)
def test_one_mistake_is_one_error_at_its_line_and_key(problems, changes, line, key, message):
    ((found_line, found_key, found),) = problems(a_phase(**changes))
    assert message in found
    assert (found_line, found_key) == (line, f"phase.{key}".rstrip("."))


def test_all_mistakes_are_found_at_once(problems):
    text = a_phase(title="1", evaluation="{}", limits="{time_limit: -1}", ranking="[{}]", ranking_by="x", foo="1")
    assert {key for _, key, _ in problems(text)} == {
        *("phase.foo", "phase.title", "phase.evaluation", "phase.limits.time_limit", "phase.ranking[0]"),
        "phase.ranking_by",
    }


def test_two_phases_of_one_title_are_refused(write, tmp_path):
    from interfaces.catalogue.reading import read_catalogue
    from interfaces.errors import DefinitionError

    write(a_phase(), "a.phase.yaml")
    write(a_phase(), "b.phase.yaml")
    with pytest.raises(DefinitionError, match="has the same title and slug as 'Test'"):
        read_catalogue(tmp_path)

"""Components that want a GPU, on a machine as it is."""

from __future__ import annotations

from threading import Event

import pytest
from puppet_scripts import REPORT

from flows import register, run_component
from interfaces import ComponentException, ComponentJob
from interfaces.engine import get_engine
from interfaces.errors import DefinitionError
from interfaces.site import get_site
from interfaces.verdicts import VerdictKind
from tasks.create_job import create_job
from tasks.execute import executed
from tasks.records import saved

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

DEFINITION = """
component:
  title: Puppet with a GPU{method}
  image: {{reference: "{reference}"}}
  interfaces:
    - {{inputs: [script], outputs: [report]}}
  time_limit: 60
  memory_gb: 0.25
  gpu_type: A100
{more}"""


@pytest.fixture
def wanting(tmp_path):
    """Register a puppet that wants an A100."""
    if get_engine().info().gpus:
        pytest.skip("this engine has a GPU")

    def register_it(method: str = "", more: str = "") -> str:
        reference = create_job("puppet-report").image.original_repo_tag
        (tmp_path / "component.yaml").write_text(DEFINITION.format(method=method, reference=reference, more=more))
        return register(tmp_path).components[0]

    return register_it


def test_without_such_a_gpu_nothing_starts(wanting):
    slug = wanting()
    before = len(ComponentJob.objects.with_duration())
    with pytest.raises(DefinitionError) as caught:
        run_component(slug, {"script": REPORT.format(report="{}")})
    assert str(caught.value) == (
        f"gpu_type: '{slug}' can't run on this machine: a GPU of type A100 is needed, but this engine has none to give"
    )
    assert caught.value.exit_code == 2
    assert len(ComponentJob.objects.with_duration()) == before


def test_a_gpu_that_went_away_after_the_job_was_made_is_a_verdict(wanting):
    job = create_job("puppet-report")
    job = saved(job.model_copy(update={"requires_gpu_type": "A100"}))
    with pytest.raises(ComponentException, match="type A100 is needed") as caught:
        executed(job, show=lambda text: None, stop=Event())
    assert caught.value.job.verdict["kind"] == VerdictKind.MISSING_GPU


def test_a_warm_component_can_not_hold_a_gpu(wanting):
    slug = wanting(" and a web server", "  method: invoke\n")
    with pytest.raises(DefinitionError, match="can't hold a GPU yet; use method: exec"):
        create_job(slug)


def test_locks_lie_in_the_sites_home():
    assert get_site().gpus_folder.parent == get_site().home

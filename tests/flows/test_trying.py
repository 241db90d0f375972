"""`component-flows try`, as a person calls it."""

from __future__ import annotations

import json
import signal
from uuid import uuid4

import pytest
from programs import Program, call

from interfaces.engine import get_engine
from interfaces.site import get_site

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

DOCKERFILE = """
ARG BASE=python:3.12-slim
FROM ${BASE}
ENV HOME=/tmp
USER 1000:1000
ENTRYPOINT ["python3", "-u", "-c", "import json; exec(json.load(open('/input/script.json')))"]
"""
DEFINITION = """
interfaces:
  - {{title: {name} number, kind: Integer, relative_path: {name}.json}}
component:
  title: {name}
  image: {{build: .}}
  interfaces:
    - {{inputs: [script], outputs: [{name}-number]}}
  time_limit: 30
  memory_gb: 0.25
"""


@pytest.fixture
def folder(tmp_path):
    """A component that is not registered, with an interface that is (`script`) and one that is not."""
    name = f"tried{uuid4().hex[:8]}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "component.yaml").write_text(DEFINITION.format(name=name))
    yield folder
    get_engine().remove_image(f"component-flows/{name}:try")


def program(folder, number: object) -> str:
    return f"print('at work'); open('/output/{folder.name}.json', 'w').write('{number}')"


def everything() -> tuple[object, ...]:
    """What is registered and stored in the site, and what the engine has of it."""
    site = get_site()
    tables = ("component", "component_image", "component_interface", "component_job", "component_interface_value")
    with site.database.engine.connect() as connection:
        counts = [connection.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").scalar() for table in tables]
    stored = sum(1 for path in (site.home / "files").rglob("*") if path.is_file())
    return (*counts, stored, sorted(path.name for path in (site.home / "trials").glob("*")))


def engine_leftovers(folder) -> list[str]:
    left = get_engine().leftovers({"component-flows.component": folder.name})
    return [*(one.name for one in left.containers), *left.volumes]


def test_a_trial_shows_log_and_outputs_and_leaves_nothing(folder, tmp_path):
    before = everything()
    done = call("try", folder, "-i", f"script={program(folder, 42)}", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "at work" in done.stderr
    assert "Succeeded" in done.stdout
    assert "of 0.25 GB" in done.stdout
    assert json.loads((tmp_path / "out" / f"{folder.name}.json").read_text()) == 42
    assert everything() == before
    assert engine_leftovers(folder) == []
    tag = f"component-flows/{folder.name}:try"
    # The other worker may have made the same image for a trial of its own.
    assert [name for name in get_engine().image(tag).repo_tags if folder.name in name] == [tag]


def test_a_trial_that_fails_tells_why_in_json(folder):
    done = call("try", folder, "-i", "script=x = bytearray(2**29)", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["findings"] == []
    assert document["job"]["verdict"]["kind"] == "memory_limit"
    assert done.stderr.splitlines()[-1] == "Error: The container was killed as it exceeded its memory limit"
    assert engine_leftovers(folder) == []


@pytest.mark.soak
def test_wrong_inputs_have_an_exit_code_of_their_own(folder):
    done = call("try", folder, "-i", "scrip=1")
    assert done.returncode == 3
    assert "did you mean 'script'" in done.stderr


def test_an_interrupted_trial_leaves_nothing(folder):
    before = everything()
    process = Program("cli", "try", folder, "-i", "script=print('at work'); import time; time.sleep(25)")
    while (line := process.stderr.readline()) and "at work" not in line:
        pass
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert engine_leftovers(folder) == []
    assert everything() == before


def test_what_a_killed_trial_left_is_removed_by_the_next(folder):
    before = everything()
    process = Program("cli", "try", folder, "-i", "script=print('at work'); import time; time.sleep(25)")
    while (line := process.stderr.readline()) and "at work" not in line:
        pass
    process.kill()
    process.communicate()
    assert engine_leftovers(folder)
    done = call("try", folder, "-i", f"script={program(folder, 1)}")
    assert done.returncode == 0, done.stderr
    assert engine_leftovers(folder) == []
    assert everything() == before


def test_an_image_that_would_be_refused_is_not_run(folder):
    (folder / "Dockerfile").write_text(DOCKERFILE.replace("USER 1000:1000", "EXPOSE 80"))
    done = call("try", folder, "-i", "script=1")
    assert done.returncode == 2
    assert "error    image: it runs as root" in done.stderr
    assert "-> end the Dockerfile with a USER line" in done.stderr
    assert "warning  image: it exposes 80/tcp" in done.stderr

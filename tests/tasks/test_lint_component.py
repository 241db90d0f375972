"""Looking at a component's folder before it is registered."""

from __future__ import annotations

from uuid import uuid4

import pytest
from click.testing import CliRunner

from flows.cli import commands
from interfaces.engine import get_engine
from interfaces.findings import Level
from tasks import lint_component
from tasks.lint_component import linted

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

DOCKERFILE = """
ARG BASE=python:3.12-slim
FROM ${BASE}
ENV HOME=/tmp
USER 1000:1000
ENTRYPOINT ["true"]
"""
DEFINITION = """
component:
  title: {name}
  image: {{{image}}}
  interfaces:
    - {{inputs: [script], outputs: [report]}}
  time_limit: 30
  memory_gb: 0.25
"""


@pytest.fixture
def folder(tmp_path):
    """A component that is not registered."""
    name = f"linted{uuid4().hex[:8]}"
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    write(tmp_path, name)
    yield tmp_path
    get_engine().remove_image(f"component-flows/{name}:try")


def write(folder, name=None, image="build: .", more=""):
    file = folder / "component.yaml"
    name = name or file.read_text().split("title: ")[1].splitlines()[0]
    file.write_text(DEFINITION.format(name=name, image=image) + more)


def sentences(folder, level=Level.ERROR) -> list[str]:
    return [one.sentence for one in linted(folder).findings if one.level is level]


def test_a_good_component_is_not_talked_about(folder):
    lines = []
    done = linted(folder, on_line=lines.append)
    assert done.findings == ()
    assert not done.has_errors
    assert any("Successfully built" in line for line in lines)


def test_the_definition_is_told_by_its_file_and_line(folder):
    file = folder / "component.yaml"
    file.write_text(file.read_text().replace("30", "1000000").replace("0.25", "0.001"))
    done = linted(folder)
    assert done.component is None
    assert all(one.sentence.startswith(f"{file}:") for one in done.findings)
    assert ["time_limit" in done.findings[0].sentence, "memory_gb" in done.findings[1].sentence] == [True, True]


def test_an_interface_that_nobody_knows_is_told_with_the_nearest(folder):
    file = folder / "component.yaml"
    file.write_text(file.read_text().replace("[script]", "[skript]"))
    [sentence] = sentences(folder)
    assert "did you mean 'script'" in sentence


def test_a_folder_with_two_components_is_told(folder):
    (folder / "second.component.yaml").write_text(DEFINITION.format(name="second", image="reference: x:1"))
    [sentence] = sentences(folder)
    assert "one component is tried at a time" in sentence


def test_a_large_folder_without_a_dockerignore_is_a_warning(folder, monkeypatch):
    monkeypatch.setattr(lint_component, "LARGE_CONTEXT_BYTES", 2**20)
    (folder / "data").mkdir()
    (folder / "data" / "weights.bin").write_bytes(bytes(2 * 2**20))
    [sentence] = sentences(folder, Level.WARNING)
    assert sentence == "each build sends 2 MB to the engine, most of it 'data', and there is no .dockerignore"
    (folder / ".dockerignore").write_text("data\n")
    assert sentences(folder, Level.WARNING) == []


def test_a_build_that_fails_is_told_in_its_own_words(folder):
    (folder / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nRUN exit 3\n")
    [sentence] = sentences(folder)
    assert "returned a non-zero code: 3" in sentence


def test_an_image_that_the_engine_lacks_is_told(folder):
    write(folder, image='reference: "nothing-like-this:ever"')
    [sentence] = sentences(folder)
    assert sentence == "the engine has no image nothing-like-this:ever; pull or build it there"


def test_an_archive_that_is_none_is_told(folder):
    (folder / "image.tar").write_bytes(b"no archive")
    write(folder, image="archive: image.tar")
    [sentence] = sentences(folder)
    assert str(folder / "image.tar") in sentence


def test_a_machine_that_is_too_small_is_told(folder):
    write(folder, more="  gpu_type: A100\n")
    file = folder / "component.yaml"
    file.write_text(file.read_text().replace("0.25", "100000"))
    assert "this machine has" in sentences(folder, Level.WARNING)[0]
    if not get_engine().info().gpus:
        assert sentences(folder) == ["a GPU of type A100 is needed, but this engine has none to give"]


def test_the_command_ends_with_2_where_there_is_an_error(folder):
    (folder / "Dockerfile").write_text(DOCKERFILE.replace("USER 1000:1000", "EXPOSE 80"))
    done = CliRunner().invoke(commands, ["lint", str(folder)])
    assert done.exit_code == 2
    assert "error    image: it runs as root" in done.stdout
    assert done.stdout.splitlines()[-1] == "errors: 1; warnings: 1"

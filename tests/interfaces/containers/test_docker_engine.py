"""Images, volumes and what is left, on the real engine; and what is said when there is none."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tarfile
from dataclasses import replace
from uuid import uuid4

import pytest

from interfaces.containers.docker_engine import DockerEngine
from interfaces.errors import EngineError, EngineUnavailable

engine_test = pytest.mark.engine


@pytest.fixture
def tag(engine):
    tag = f"component-flows-test-{uuid4().hex}:1"
    yield tag
    engine.remove_image(tag)


@pytest.fixture
def small(engine, tag):
    """An image of one small file."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("file"), io.BytesIO())
    engine._api.import_image_from_data(content.getvalue(), repository=tag.split(":")[0], tag="1")
    return tag


@engine_test
def test_the_engine_describes_itself_and_its_machine(engine):
    info = engine.info()
    assert info.cpus >= 1
    assert info.memory_bytes > 2**28
    assert info.cgroup_version in (1, 2)
    assert tuple(map(int, info.api_version.split("."))) >= (1, 41)


@engine_test
def test_an_image_is_described(engine, probe):
    assert probe.id.startswith("sha256:")
    assert (probe.user, probe.architecture, probe.os) == ("1234:1234", "amd64", "linux")
    assert probe.entrypoint == ("python3", "-u", "-c")
    # Another worker may give the same image a tag of its own meanwhile, so only what stays is compared.
    for found in (engine.image(probe.repo_tags[0]), engine.image(probe.id)):
        assert replace(found, repo_tags=probe.repo_tags) == probe


@engine_test
@pytest.mark.parametrize("reference", ["component-flows-no-such-image:1", f"sha256:{'0' * 64}"])
def test_an_image_that_the_engine_lacks_is_none(engine, reference):
    assert engine.image(reference) is None
    engine.remove_image(reference)


@engine_test
def test_a_build_takes_arguments_and_labels_and_tells_its_steps(engine, tmp_path, tag):
    (tmp_path / "Dockerfile").write_text("ARG START\nFROM ${START}\nARG WORD\nENV WORD=${WORD}\nCOPY . /context\n")
    lines = []
    image = engine.build(
        tmp_path,
        tag=tag,
        build_arguments={"START": "component-flows-base:latest", "WORD": "grey"},
        labels={"purpose": "test"},
        on_line=lines.append,
    )
    assert image.repo_tags == (tag,)
    assert image.labels["purpose"] == "test"
    assert any("ENV WORD=" in line for line in lines)
    assert all(line.strip() and "\n" not in line for line in lines)


@engine_test
def test_what_dockerignore_names_stays_out_of_the_image(run, engine, tmp_path, tag):
    for name in ("kept.txt", "secret.key", "sub/secret.key", "sub/kept.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / ".dockerignore").write_text("**/*.key\n")
    (tmp_path / "Dockerfile").write_text("FROM component-flows-base\nCOPY . /app\nUSER 1000\n")
    run.image = engine.build(tmp_path, tag=tag)
    outcome = run("sh", "-c", "cd /app && find . -name '*.txt' -o -name '*.key' | sort")
    assert outcome.stdout.decode().split() == ["./kept.txt", "./sub/kept.txt"]


@engine_test
@pytest.mark.parametrize(
    ("dockerfile", "said"),
    [
        (
            "FROM component-flows-base\nRUN echo before && echo why >&2 && exit 3\n",
            ["why", "returned a non-zero code: 3"],
        ),
        ("FROM component-flows-base\nCOPY missing /\n", ["missing"]),
        ("FROM component-flows-base\nRUNN x\n", ["RUNN"]),
        ("", ["Dockerfile"]),
    ],
)
def test_a_failed_build_says_why(engine, tmp_path, dockerfile, said):
    (tmp_path / "Dockerfile").write_text(dockerfile)
    with pytest.raises(EngineError) as caught:
        engine.build(tmp_path, tag="component-flows-test-failed:1")
    assert all(words in str(caught.value) for words in said)
    assert str(tmp_path) in str(caught.value)
    assert engine.image("component-flows-test-failed:1") is None


@engine_test
def test_a_folder_without_a_dockerfile_is_refused(engine, tmp_path):
    with pytest.raises(EngineError, match="no Dockerfile in"):
        engine.build(tmp_path, tag="component-flows-test-failed:1")


@engine_test
def test_an_image_comes_back_from_an_archive_under_another_tag(engine, small):
    image = engine.image(small)
    archive = list(engine._api.get_image(small))
    engine.remove_image(small)
    assert engine.image(image.id) is None
    assert engine.load(archive, name="an archive").id == image.id
    other = f"component-flows-test-{uuid4().hex}:other"
    engine.tag(image.id, other)
    assert set(engine.image(image.id).repo_tags) == {small, other}
    engine.remove_image(other)
    assert engine.image(image.id).repo_tags == (small,)


@engine_test
@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_an_archive_without_an_image_is_refused(engine, content):
    with pytest.raises(EngineError, match=r"image\.tar"):
        engine.load([content], name="image.tar")


@engine_test
def test_volumes_and_containers_are_found_by_their_labels_and_removed_twice(engine, labels):
    engine.create_output_volume("component-flows-test-volume", {**labels, "job": "7"})
    assert engine.leftovers({"job": "8", **labels}).volumes == {}
    assert engine.leftovers({"job": None, **labels}).volumes["component-flows-test-volume"]["job"] == "7"
    for _ in range(2):
        engine.remove_volume("component-flows-test-volume")
        engine.remove_container("component-flows-test-no-container")
    assert not engine.leftovers(labels)


@engine_test
def test_two_containers_of_one_name_are_refused(run, engine):
    spec = run.spec("print(1)")
    name = engine._api.create_container_from_config(
        {"Image": run.image.id, "Labels": run.labels, "Cmd": ["x"]}, spec.name
    )
    try:
        with pytest.raises(EngineError, match="already in use"):
            engine.run(spec, time_limit_s=5, on_output=lambda *_: None, stop=_Never())
    finally:
        engine.remove_container(name["Id"])


class _Never:
    def is_set(self) -> bool:
        return False


def test_without_a_socket_it_says_how_to_get_an_engine(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineUnavailable, match=r"none\.sock: there is no such socket; install Docker"):
        DockerEngine.connect()


def test_with_a_socket_that_nobody_serves_it_says_how_to_start_one(tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "dead.sock"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/dead.sock")
    with pytest.raises(EngineUnavailable, match="it does not run; start it with"):
        DockerEngine.connect()


def test_with_something_else_on_the_address_it_says_what_it_tried(monkeypatch):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(EngineUnavailable, match=r"tcp://127\.0\.0\.1:\d+"):
            DockerEngine.connect()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user who may not use the engine")
def test_a_user_who_may_not_use_the_engine_is_told_how_to(open_folder):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(open_folder / "closed.sock"))
        (open_folder / "closed.sock").chmod(0o600)
        program = (
            "import os\n"
            "from interfaces.containers.docker_engine import DockerEngine\n"
            "os.setresuid(12345, 12345, 12345)\n"
            "DockerEngine.connect()\n"
        )
        environment = {**os.environ, "DOCKER_HOST": f"unix://{open_folder}/closed.sock"}
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False
        )
    assert "usermod -aG docker" in done.stderr

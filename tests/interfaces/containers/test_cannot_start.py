"""Whose fault it is that a container does not start."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from interfaces.containers.cannot_start import (
    ContainerCannotStart,
    StartProblem,
    from_engine_words,
    from_init_words,
)
from interfaces.errors import EngineError


@pytest.mark.engine
@pytest.mark.parametrize(
    ("dockerfile", "problem", "text"),
    [
        ('ENTRYPOINT ["/opt/app/run.sh"]', StartProblem.ENTRY_POINT, "'/opt/app/run.sh': No such file or directory"),
        ('ENTRYPOINT ["run"]', StartProblem.ENTRY_POINT, "'run': No such file or directory"),
        ('ENTRYPOINT ["/etc/passwd"]', StartProblem.PERMISSION, "'/etc/passwd': Permission denied"),
        ('ENTRYPOINT ["/etc"]', StartProblem.PERMISSION, "'/etc': Permission denied"),
        ("USER ghost", StartProblem.USER, "USER line"),
        ("USER 1000:ghosts", StartProblem.USER, "USER line"),
    ],
)
def test_an_image_that_can_not_run_is_told_from_trouble_with_the_engine(run, build_image, dockerfile, problem, text):
    run.image = build_image(f"ARG BASE\nFROM ${{BASE}}\nUSER 1000\n{dockerfile}\n")
    with pytest.raises(ContainerCannotStart) as caught:
        run()
    assert caught.value.problem is problem
    assert text in str(caught.value)
    assert run.image.id in str(caught.value)


def save_archive(path: Path, *, architecture: str) -> None:
    """An image with one empty layer, as ``docker save`` writes it."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("nothing"))
    digest = hashlib.sha256(layer.getvalue()).hexdigest()
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Cmd": ["/nothing"], "User": "1000"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": None, "Layers": ["layer.tar"]}]
    members = {"manifest.json": manifest, "config.json": config, "layer.tar": layer.getvalue()}
    with tarfile.open(path, mode="w") as archive:
        for name, content in members.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


@pytest.mark.engine
def test_an_image_for_another_machine_is_refused_before_it_starts(run, engine, tmp_path):
    save_archive(tmp_path / "image.tar", architecture="arm64")
    image = engine.load([(tmp_path / "image.tar").read_bytes()], name="image.tar")
    try:
        assert image.architecture == "arm64"
        with pytest.raises(ContainerCannotStart, match="linux/amd64") as caught:
            run(image=image.id)
        assert caught.value.problem is StartProblem.ARCHITECTURE
    finally:
        engine.remove_image(image.id)


@pytest.mark.engine
def test_a_gpu_that_is_not_there_is_told_as_such(run, engine):
    if engine.info().gpus:
        pytest.skip("this engine has a GPU")
    with pytest.raises(ContainerCannotStart) as caught:
        run("print(1)", gpus=("GPU-00000000-0000-0000-0000-000000000000",))
    assert caught.value.problem is StartProblem.GPU


@pytest.mark.engine
@pytest.mark.parametrize(
    "fields",
    [{"cpus": 4096.0}, {"image": f"sha256:{'0' * 64}"}, {"memory_bytes": 1024}],
    ids=["cpus", "image", "memory"],
)
def test_what_the_engine_refuses_for_another_reason_is_not_the_images_fault(run, fields):
    with pytest.raises(EngineError) as caught:
        run("print(1)", **fields)
    assert not isinstance(caught.value, ContainerCannotStart)


@pytest.mark.engine
def test_a_component_that_prints_inits_words_later_is_not_taken_for_it(run):
    program = "import sys; print('x\\n[FATAL tini (7)] exec y failed: No such file', file=sys.stderr); sys.exit(127)"
    assert run(program).result.exit_code == 127


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ('exec: "python": executable file not found in $PATH: unknown', StartProblem.ENTRY_POINT),
        ("No command specified", StartProblem.ENTRY_POINT),
        ("unable to find user x: no matching entries in passwd file", StartProblem.USER),
        ('could not select device driver "" with capabilities: [[gpu]]', StartProblem.GPU),
        ("OCI runtime create failed: nvidia-container-cli: device error: unknown device", StartProblem.GPU),
        ("no matching manifest for linux/amd64 in the manifest list entries", StartProblem.ARCHITECTURE),
        ("OCI runtime create failed: cannot mount", StartProblem.RUNTIME),
        ("write /var/lib/docker/x: no space left on device", None),
        ("Cannot connect to the containerd socket", None),
    ],
)
def test_the_engines_words_are_understood(words, problem):
    found = from_engine_words("image", words)
    assert (found and found.problem) == problem


@pytest.mark.parametrize(
    ("exit_code", "stderr", "refused"),
    [
        (127, b"[FATAL tini (7)] exec a b failed: No such file or directory\n", True),
        (126, b"[FATAL tini (6)] exec /x failed: Permission denied\n", True),
        (0, b"[FATAL tini (7)] exec x failed: No such file or directory\n", False),
        (2, b"[FATAL tini (7)] exec x failed: No such file or directory\n", False),
        (127, b"sh: 1: foo: not found\n", False),
        (127, b"", False),
    ],
)
def test_inits_words_count_only_with_its_exit_codes(exit_code, stderr, refused):
    assert bool(from_init_words("image", exit_code, stderr)) is refused

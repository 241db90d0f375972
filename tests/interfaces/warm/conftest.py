"""Warm containers on the local base image, reached in both ways."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from warm_bench import BASE, Bench

from interfaces.containers.docker_engine import DockerEngine
from interfaces.containers.protocol import ImageInfo


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerEngine]:
    with DockerEngine.connect() as engine:
        if engine.image(BASE) is None:
            pytest.fail(f"the engine lacks {BASE}; 'make test' builds it", pytrace=False)
        yield engine


@pytest.fixture(scope="session")
def image(engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageInfo]:
    folder = tmp_path_factory.mktemp("context")
    (folder / "Dockerfile").write_text('ARG BASE\nFROM ${BASE}\nUSER 1234:1234\nENTRYPOINT ["python3", "-u", "-c"]\n')
    tag = f"component-flows-test-{uuid4().hex}:latest"
    yield engine.build(folder, tag=tag, build_arguments={"BASE": BASE})
    engine.remove_image(tag)


@pytest.fixture
def bench(engine: DockerEngine, image: ImageInfo) -> Iterator[Bench]:
    # Not pytest's own folder, which only its owner gets into: the container's user must.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        bench = Bench(engine, image, Path(folder))
        yield bench
        bench.close()


@pytest.fixture
def beside(bench: Bench) -> Bench:
    """The same, with containers that are reached through a second container, as by a user who is not root."""
    bench.new_pool(DockerEngine.connect(enter_namespaces=False))
    return bench


@pytest.fixture(params=["directly", pytest.param("beside", marks=pytest.mark.soak)])
def either(bench: Bench, request: pytest.FixtureRequest) -> Bench:
    """Both ways into a container."""
    if request.param == "beside":
        bench.new_pool(DockerEngine.connect(enter_namespaces=False))
    elif os.geteuid() != 0:
        pytest.skip("only root may enter a container's network namespace")
    return bench

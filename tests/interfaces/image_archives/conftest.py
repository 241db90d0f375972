"""A real engine, and a small image in it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from interfaces.containers.docker_engine import DockerEngine
from interfaces.containers.protocol import ImageInfo


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerEngine]:
    with DockerEngine.connect() as engine:
        yield engine


@pytest.fixture
def tiny(engine, tmp_path_factory) -> Iterator[ImageInfo]:
    """An image of a few bytes that nobody else has."""
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "content").write_text(uuid4().hex)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY content /content\nCOPY content /more\nUSER 1234:1234\n")
    tag = f"component-flows-test-{uuid4().hex}:tiny"
    yield engine.build(folder, tag=tag)
    engine.remove_image(tag)

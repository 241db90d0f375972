from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from s3_server import KEYS, S3Server, running_s3


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server, and the environment that lets this process use it."""
    patch = pytest.MonkeyPatch()
    for name, value in KEYS.items():
        patch.setenv(name, value)
    with running_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server
    patch.undo()


@pytest.fixture
def bucket(s3: S3Server) -> str:
    """A new bucket."""
    name = f"tests-{uuid.uuid4().hex[:12]}"
    s3.files().mkdir(name)
    return name

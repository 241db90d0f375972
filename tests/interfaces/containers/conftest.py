"""Small images on the local base image, and a way to run one and look at everything that it left."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from interfaces.containers.docker_engine import DockerEngine
from interfaces.containers.protocol import ContainerResult, ContainerSpec, ImageInfo
from interfaces.errors import EngineUnavailable

BASE = "component-flows-base:latest"
LABEL = "component-flows.container-tests"
MB = 2**20

PROBE = """
ARG BASE
FROM ${BASE}
RUN mkdir -p /home/user /output && chown 1234:1234 /home/user && echo old > /output/old && echo old > /tmp/old
ENV HOME=/home/user
WORKDIR /home/user
USER 1234:1234
HEALTHCHECK --interval=1s CMD touch /home/user/checked
ENTRYPOINT ["python3", "-u", "-c"]
"""


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerEngine]:
    try:
        engine = DockerEngine.connect()
    except EngineUnavailable as error:
        pytest.fail(f"these tests run real containers: {error}", pytrace=False)
    if engine.image(BASE) is None:
        pytest.fail(f"the engine lacks {BASE}; 'make test' builds it", pytrace=False)
    with engine:
        yield engine


@pytest.fixture(scope="session")
def build_image(engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., ImageInfo]]:
    tags = []

    def build(dockerfile: str, *, base: str = BASE) -> ImageInfo:
        folder = tmp_path_factory.mktemp("context")
        (folder / "Dockerfile").write_text(dockerfile)
        tags.append(f"component-flows-test-{uuid4().hex}:latest")
        return engine.build(folder, tag=tags[-1], build_arguments={"BASE": base})

    yield build
    for tag in tags:
        engine.remove_image(tag)


@pytest.fixture(scope="session")
def probe(build_image: Callable[..., ImageInfo]) -> ImageInfo:
    """Runs a Python program that is given as its command, as a user without a name."""
    return build_image(PROBE)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can get to, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def labels(engine: DockerEngine) -> Iterator[dict[str, str]]:
    """Labels of one test; nothing may be left under them at its end."""
    labels = {LABEL: uuid4().hex}
    yield labels
    left = engine.leftovers(labels)
    for container in left.containers:
        engine.remove_container(container.id)
    for volume in left.volumes:
        engine.remove_volume(volume)
    assert not left, f"left behind: {left}"


@dataclass
class Outcome:
    result: ContainerResult
    stdout: bytes
    stderr: bytes
    output: Path


@dataclass
class Runner:
    engine: DockerEngine
    image: ImageInfo
    labels: dict[str, str]
    folder: Path
    volumes: list[str] = field(default_factory=list)

    def spec(self, *command: str, **fields: object) -> ContainerSpec:
        name = f"component-flows-test-{uuid4().hex}"
        self.engine.create_output_volume(name, self.labels)
        self.volumes.append(name)
        given = {"image": self.image.id, "memory_bytes": 256 * MB, "command": command or None, **fields}
        return ContainerSpec(name=name, output_volume=name, labels=self.labels, **given)  # type: ignore[arg-type]

    def __call__(
        self,
        *command: str,
        time_limit_s: float = 60,
        stop: threading.Event | None = None,
        on_output: Callable[[str, bytes], None] | None = None,
        on_sample: Callable[..., None] | None = None,
        **fields: object,
    ) -> Outcome:
        kept = {"stdout": bytearray(), "stderr": bytearray()}

        def keep(stream: str, data: bytes) -> None:
            kept[stream] += data
            if on_output is not None:
                on_output(stream, data)

        spec = self.spec(*command, **fields)
        result = self.engine.run(
            spec,
            time_limit_s=time_limit_s,
            on_output=keep,
            stop=stop or threading.Event(),
            on_sample=on_sample,
        )
        into = self.folder / spec.name
        into.mkdir()
        output = self.engine.read_volume(spec.output_volume, image=self.image.id, into=into)
        return Outcome(result, bytes(kept["stdout"]), bytes(kept["stderr"]), output)


@pytest.fixture
def run(engine: DockerEngine, probe: ImageInfo, labels: dict[str, str], tmp_path: Path) -> Iterator[Runner]:
    runner = Runner(engine, probe, labels, tmp_path)
    yield runner
    for volume in runner.volumes:
        engine.remove_volume(volume)

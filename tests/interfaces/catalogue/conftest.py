from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from interfaces.catalogue.reading import Catalogue, read_catalogue
from interfaces.errors import DefinitionError, DefinitionErrors

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file below a folder of its own."""

    def written(text: str | bytes, name: str = "any.yaml") -> Path:
        path = tmp_path / "definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


@pytest.fixture
def problems(write: Write) -> Callable[[str], list[tuple[int | None, str | None, str]]]:
    """What is wrong with a definition file, as (line, key, message)."""

    def found(text: str) -> list[tuple[int | None, str | None, str]]:
        path = write(text)
        with pytest.raises((DefinitionError, DefinitionErrors)) as caught:
            read_catalogue(path)
        error = caught.value
        several = error.problems if isinstance(error, DefinitionErrors) else (error,)
        assert {one.file for one in several} == {path}
        assert error.exit_code == 2
        return [(one.line, one.key, one.message) for one in several]

    return found


@pytest.fixture
def read(write: Write) -> Callable[[str], Catalogue]:
    """What a definition file says."""
    return lambda text: read_catalogue(write(text))

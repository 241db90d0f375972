"""What a run may reach on this machine that comes from the Prefect UI or API.

Whoever calls a flow in Python or runs a command does so as a user of this machine, and reaches what that user can. A
run that a worker or `serve` takes from the API has its parameters from anybody who reaches that API: it reads files and
URIs and writes results only where the settings `access` say, and runs no function that they don't name.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from urllib.parse import urlsplit

from interfaces.errors import DefinitionError, ValidationError
from interfaces.secrets import has_secrets
from interfaces.settings import get_settings

RUNNER_VARIABLE = "PREFECT__FLOW_RUN_ID"
"""Prefect sets it in every process that it starts for a run of a deployment."""

_limited: ContextVar[bool | None] = ContextVar("component_flows_access_limited", default=None)


def is_limited() -> bool:
    """Whether what runs here comes from the Prefect UI or API: the process was started for it, or the run says so."""
    said = _limited.get()
    return RUNNER_VARIABLE in os.environ if said is None else said


@contextmanager
def limited_access(limited: bool = True) -> Iterator[None]:
    """Say whether what runs in the block is limited, whatever the process was started for."""
    token = _limited.set(limited)
    try:
        yield
    finally:
        _limited.reset(token)


def input_folders() -> tuple[Path, ...]:
    """The folders that inputs of limited runs may lie in; absolute, they need not exist."""
    return _folders(get_settings().access.input_folders, "inputs")


def output_folders() -> tuple[Path, ...]:
    """The folders that limited runs may write results to; absolute, they need not exist."""
    return _folders(get_settings().access.output_folders, "outputs")


def input_uris() -> tuple[str, ...]:
    """What URIs of inputs of limited runs may begin with."""
    return get_settings().access.input_uris


def _folders(set_ones: tuple[Path, ...] | None, default: str) -> tuple[Path, ...]:
    folders = (get_settings().home_folder / default,) if set_ones is None else set_ones
    return tuple(folder.expanduser().absolute() for folder in folders)


def allowed_path(path: Path | str, folders: Iterable[Path]) -> tuple[Path, Path] | None:
    """Where a path really leads, if that lies in one of the folders.

    Nothing is looked up on the disk for a path that lies elsewhere by its words: some mount what one looks for.

    Args:
        path: Absolute, or relative to one of the folders.
        folders: Absolute.

    Returns:
        The folder and the path, both without links, or None. The path need not exist.
    """
    roots = {folder: Path(os.path.realpath(folder)) for folder in folders}
    found: tuple[Path, Path] | None = None
    for folder in roots:
        plain = Path(os.path.normpath(folder / path))
        if "\0" in str(path) or not any(_is_in(plain, one) for one in (*roots, *roots.values())):
            continue
        try:
            real = Path(os.path.realpath(plain))
        except OSError:  # a link was taken away while it was followed
            continue
        root = next((one for one in roots.values() if _is_in(real, one)), None)
        if root is not None:
            if os.path.lexists(real):
                return root, real
            found = found or (root, real)
    return found


def _is_in(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


def checked_input(path: Path | str) -> tuple[Path, Path]:
    """Where an input of a limited run lies: the allowed folder, and the path in it, both without links.

    Raises:
        ValidationError: It lies elsewhere, or a link leads elsewhere.
    """
    found = allowed_path(path, input_folders())
    if found is None:
        raise ValidationError(
            f"{path} is not in a folder that runs from the Prefect UI may read ({_listed(input_folders())}); put it "
            "there, or add its folder to COMPONENT_FLOWS_ACCESS__INPUT_FOLDERS"
        )
    return found


def check_uri(uri: str) -> None:
    """Refuse a URI that a limited run may not read.

    Raises:
        ValidationError: It has credentials in it, which a run's parameters would show, or is not allowed.
    """
    if has_secrets(uri):
        raise ValidationError(
            f"the URI {uri} has credentials in it, which a run's parameters would show to everybody; give it without "
            "them, and credentials to the worker, as a block or in its environment"
        )
    if not any(_begins_with(uri, prefix) for prefix in input_uris()):
        raise ValidationError(
            f"the URI {uri} is not among those that runs from the Prefect UI may read ({_listed(input_uris())}); "
            "an administrator can add its beginning to COMPONENT_FLOWS_ACCESS__INPUT_URIS"
        )


def _begins_with(uri: str, prefix: str) -> bool:
    """Whether a URI lies below a prefix, however a client may read it."""
    try:
        given, allowed = urlsplit(uri), urlsplit(prefix)
        segments = given.path.lower().replace("%2e", ".").split("/")
    except ValueError:
        return False
    # "::" chains file systems in fsspec, of which the last can be any.
    odd = "::" in uri or "\\" in uri or not uri.isprintable() or {".", ".."} & {*segments}
    same = (given.scheme, given.netloc.lower()) == (allowed.scheme, allowed.netloc.lower())
    folder = allowed.path.rstrip("/")
    below = given.path == folder or given.path.startswith(f"{folder}/")
    return bool(allowed.scheme and allowed.netloc) and same and below and not odd


def checked_output(path: Path | str) -> Path:
    """Where results go: the path itself, or for a limited run where it leads in an allowed folder.

    The folder of the results is made there, if need be.

    Raises:
        DefinitionError: A limited run may not write there.
    """
    if not is_limited():
        return Path(path)
    found = allowed_path(path, output_folders())
    if found is None or found[0] == found[1] or _drafts_lead_elsewhere(found[1]):
        raise DefinitionError(
            f"the results can't be written to {path}: runs from the Prefect UI may write files in "
            f"{_listed(output_folders())}; an administrator can add folders to COMPONENT_FLOWS_ACCESS__OUTPUT_FOLDERS"
        )
    found[1].parent.mkdir(parents=True, exist_ok=True)
    return found[1]


def _drafts_lead_elsewhere(path: Path) -> bool:
    """Whether a link lies where drafts of a file do: beside it, under its name and an ending."""
    return any(one.is_symlink() for one in path.parent.glob(f"{glob.escape(path.name)}*"))


def check_definitions(paths: Iterable[Path | str]) -> None:
    """Refuse to register what a limited run may not.

    Raises:
        DefinitionError: A path is not in an allowed folder.
    """
    folders = tuple(folder.expanduser().absolute() for folder in get_settings().access.definition_folders)
    for path in paths if is_limited() else ():
        if allowed_path(path, folders) is None:
            raise DefinitionError(
                f"{path} can't be registered by a run from the Prefect UI, since images are built from definitions; "
                "run 'component-flows register' on the machine, or add its folder to "
                "COMPONENT_FLOWS_ACCESS__DEFINITION_FOLDERS"
            )


def check_function(name: str) -> None:
    """Refuse a function that a limited run may not name; call it before the function's module is imported.

    Raises:
        DefinitionError: It is not allowed.
    """
    allowed = get_settings().access.functions
    if is_limited() and name not in allowed:
        raise DefinitionError(
            f"'{name}' can't follow a job of a run from the Prefect UI ({_listed(allowed)} can): name a deployment, or "
            "have it added to COMPONENT_FLOWS_ACCESS__FUNCTIONS"
        )


def _listed(allowed: Iterable[object]) -> str:
    return ", ".join(map(str, allowed)) or "none"

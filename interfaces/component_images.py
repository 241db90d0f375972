"""`ComponentImage`: one version of a component's container image, known by its digest."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict

from interfaces.component import Component
from interfaces.errors import ImageImportFailed
from interfaces.import_status import ImportStatusChoices

_Status: TypeAlias = ImportStatusChoices  # the class has a member of that name, too

PLATFORM_ARCHITECTURE = "amd64"
PLATFORM_OS = "linux"
REPOSITORY_PREFIX = "component-flows"
EVALUATION_INPUT, EVALUATION_OUTPUT = "predictions-json-file", "metrics-json-file"

_ROOT = re.compile(r"(?:root|[+-]?0+)?", re.ASCII)  # the engine reads the number with a sign, too


class GPUTypeChoices(StrEnum):
    """The GPU types of the public platform; a site may add its own in its settings."""

    NO_GPU = ""
    A100 = "A100"
    A10G = "A10G"
    V100 = "V100"
    K80 = "K80"
    T4 = "T4"


class ComponentImage(BaseModel):
    """One version of a component's container image.

    Attributes:
        pk: Primary key.
        component: Slug of the component.
        sha256: The image's id in the engine, ``sha256:`` and 64 hexadecimal digits: its identity.
        source: Where it came from, for people: a folder, an archive or a reference.
        fingerprint: What it was built from; the same fingerprint need not be built again.
        import_status: How far its import has come.
        status: The reason where the import failed.
        user: The user that its processes run as.
        size: Bytes.
        is_desired_version: Whether new jobs use it.
        registry_reference: Where a registry has it, ``host/name@sha256:...``; "" where none does.
        is_removed: Whether it was removed from the engine and the registry; the record stays for the jobs that it ran.
        created: When it was registered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    GPUTypeChoices: ClassVar[type[GPUTypeChoices]] = GPUTypeChoices
    ImportStatusChoices: ClassVar[type[ImportStatusChoices]] = ImportStatusChoices

    pk: int
    component: str
    sha256: str
    source: str
    fingerprint: str
    import_status: _Status
    status: str = ""
    user: str
    size: int
    is_desired_version: bool
    registry_reference: str = ""
    is_removed: bool = False
    created: datetime

    @property
    def original_repo_tag(self) -> str:
        """The tag of this image in the engine or registry."""
        return repo_tag(self.component, self.sha256)

    @property
    def can_execute(self) -> bool:
        """Whether jobs can run it: its manifest is valid, it was brought here, and it was not removed since.

        Where the engine has lost it, `tasks.ensure_image` fetches it from the registry before a job runs.
        """
        return self.import_status is ImportStatusChoices.COMPLETED and not self.is_removed


def repo_tag(component: str, sha256: str) -> str:
    """The name that keeps an image in the engine, so that no clean-up takes it as unused."""
    return f"{REPOSITORY_PREFIX}/{component}:{sha256.removeprefix('sha256:')[:16]}"


def registry_repository(registry: str, component: str) -> str:
    """Where a component's versions lie in a registry."""
    return f"{registry}/{component}"


def registry_tag(sha256: str) -> str:
    """What a version is called there, for people; it is pulled by its digest."""
    return sha256.removeprefix("sha256:")[:16]


def is_evaluation_method(component: Component) -> bool:
    """Whether a component evaluates others: it reads the predictions of their jobs and writes metrics.

    That is told from its interfaces, which every evaluation has, so that nobody needs to say it again.
    """
    return any(EVALUATION_INPUT in each.inputs and EVALUATION_OUTPUT in each.outputs for each in component.interfaces)


def runs_as_root(user: str) -> bool:
    """Whether an image's USER is root: empty, ``root``, ``0``, ``0:...`` or ``root:...``, however zero is written."""
    return _ROOT.fullmatch(user.partition(":")[0].strip()) is not None


def check_image(*, reference: str, user: str, architecture: str, os: str = PLATFORM_OS) -> None:
    """Refuse an image that can't be run.

    Args:
        reference: What the image is called in the message, after "the container image".
        user: Its USER.
        architecture: What it is built for.
        os: What it is built for.

    Raises:
        ImageImportFailed: It runs as root or is for another platform.
    """
    if runs_as_root(user):
        raise ImageImportFailed(
            f"the container image {reference} runs as root; end its Dockerfile with a USER instruction that names "
            "another user"
        )
    wanted = f"{PLATFORM_OS}/{PLATFORM_ARCHITECTURE}"
    if architecture != PLATFORM_ARCHITECTURE:
        raise ImageImportFailed(
            f"the container image {reference} is for the architecture {architecture[:50]}, but {wanted} is needed; "
            f"build it with --platform={wanted}"
        )
    if os != PLATFORM_OS:
        raise ImageImportFailed(f"the container image {reference} is for {os[:50]}, but {wanted} is needed")


def check_image_size(*, reference: str, size_bytes: int, max_bytes: int) -> None:
    """Refuse an image that is too large.

    Raises:
        ImageImportFailed: It is.
    """
    if size_bytes > max_bytes:
        raise ImageImportFailed(
            f"the container image {reference} has {size_bytes / 2**30:.1f} GB, more than {max_bytes / 2**30:g} GB "
            "(setting limits.image_bytes)"
        )

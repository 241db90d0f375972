"""A component: a container image with typed inputs and outputs, and the limits that its jobs run under."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from interfaces.errors import ValidationError


class Method(StrEnum):
    """How a component is called: its entry point once, or over HTTP."""

    EXEC = "exec"
    INVOKE = "invoke"


@dataclass(frozen=True, kw_only=True)
class InterfaceSet:
    """One set of inputs and outputs, by interface slug, in the order that they were written."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ImageSource:
    """Where a component's container image comes from; exactly one is set.

    Attributes:
        build: A folder with a Dockerfile.
        archive: A file made by ``docker save``.
        reference: A name and tag (or an id) that the engine knows.
    """

    build: Path | None = None
    archive: Path | None = None
    reference: str | None = None

    def __post_init__(self) -> None:
        """Refuse none or several."""
        if sum(source is not None for source in (self.build, self.archive, self.reference)) != 1:
            raise ValidationError("image needs exactly one of build, archive and reference")


@dataclass(frozen=True, kw_only=True)
class Component:
    """What is registered under a component's name.

    Attributes:
        title: Human readable, unique name.
        slug: Made from the title unless given.
        description: What the component does.
        image: Where its container image comes from.
        interfaces: One or more sets of inputs and outputs; a job's inputs pick the set.
        time_limit: Seconds.
        memory_gb: Memory of a job, in GB (2**30 bytes).
        gpu_type: The GPU that a job needs; "" for none.
        model: A ``.tar.gz`` that is mounted unpacked at /opt/ml/model, or None.
        method: How its container is called.
    """

    title: str
    slug: str
    image: ImageSource
    interfaces: tuple[InterfaceSet, ...]
    description: str = ""
    time_limit: int = 3600
    memory_gb: float = 4
    gpu_type: str = ""
    model: Path | None = None
    method: Method = Method.EXEC

    @property
    def input_slugs(self) -> frozenset[str]:
        """The slugs of the inputs of all sets."""
        return frozenset(slug for each in self.interfaces for slug in each.inputs)

    @property
    def output_slugs(self) -> frozenset[str]:
        """The slugs of the outputs of all sets."""
        return frozenset(slug for each in self.interfaces for slug in each.outputs)

    def pick_set(self, given: Collection[str], *, with_default: Collection[str] = ()) -> InterfaceSet:
        """The set of inputs and outputs that the given inputs ask for.

        Args:
            given: Slugs of the inputs that have a value.
            with_default: Slugs of the inputs that have a default value.

        Returns:
            The set whose inputs are exactly the given ones; else the one that defaults complete.

        Raises:
            ValidationError: No set fits; the text lists the sets.
        """
        return pick_set(self.interfaces, given, with_default=with_default, of=self.slug)


def pick_set(
    sets: Collection[InterfaceSet], given: Collection[str], *, with_default: Collection[str] = (), of: str
) -> InterfaceSet:
    """Of some sets the one with those inputs, or the first that defaults complete to it.

    Raises:
        ValidationError: There is none; the text names `of` and lists the sets.
    """
    for each in sets:
        if set(each.inputs) == set(given):
            return each
    for each in sets:
        if set(given) <= set(each.inputs) <= set(given) | set(with_default):
            return each
    listed = " or ".join("(" + ", ".join(each.inputs) + ")" for each in sets)
    got = ", ".join(sorted(given)) or "no inputs"
    raise ValidationError(f"'{of}' takes {listed}, but got {got}")

"""What makes two pieces of work the same: all that a component's container can see, and what is taken from it.

See docs/adr/0008-same-work.md for what counts and what does not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from interfaces.component import Component, Method
from interfaces.component_images import ComponentImage
from interfaces.jobs import ComponentJob
from interfaces.json_values import canonical_json
from interfaces.placements import Prefixes, prefixes_of
from interfaces.tarballs import Tarball
from interfaces.value import ComponentInterfaceValue

VERSION = "v1"
"""Of the form of a key. Another one makes all earlier work unknown, which is right where keys begin to mean more."""

_SHORT = 4
"""Hexadecimal digits of a hash that a person is shown at least."""


@dataclass(frozen=True, kw_only=True)
class WorkInput:
    """One input as the container sees it.

    Attributes:
        sha256: Of its content, 64 hexadecimal digits.
        place: Where it lies below /input: prefix, relative path, and an image's own file name; a line for each place.
        meaning: SHA-256 of what its segments and its look-up table say about it; "" where it has none.
    """

    sha256: str
    place: str
    meaning: str = ""

    @classmethod
    def of(cls, value: ComponentInterfaceValue, prefixes: Iterable[str] = ("",)) -> WorkInput:
        """A stored value with the prefixes of its path."""
        interface = value.interface
        table = interface.look_up_table.as_json() if interface.look_up_table else None
        segments = interface.overlay_segments_json
        meaning = _digest([segments, table]) if segments or table else ""
        places = sorted(str(PurePosixPath(prefix, value.relative_path)) for prefix in prefixes)
        return cls(sha256=value.sha256, place="\n".join(places), meaning=meaning)


@dataclass(frozen=True, kw_only=True)
class Work:
    """A piece of work, whoever does it and whenever.

    Attributes:
        image: Digest of the container image, ``sha256:`` and 64 hexadecimal digits.
        inputs: By slug.
        outputs: The slugs of what is taken from it.
        tarballs: SHA-256 of the model or ground truth by its kind.
        gpu_type: The GPU that it needs; "" for none.
        method: How the container is called.
        staged: SHA-256 of what lies beside the inputs; "" where nothing does.
    """

    image: str
    inputs: Mapping[str, WorkInput]
    outputs: frozenset[str]
    tarballs: Mapping[str, str] = field(default_factory=dict)
    gpu_type: str = ""
    method: Method = Method.EXEC
    staged: str = ""

    @classmethod
    def made_of(
        cls,
        component: Component,
        image: ComponentImage,
        tarball: Tarball | None,
        *,
        inputs: Mapping[str, ComponentInterfaceValue],
        outputs: Iterable[str],
        prefixes: Prefixes,
        staged: Iterable[ComponentInterfaceValue] = (),
    ) -> Work:
        """What a component would do that runs in that image with that tarball over those inputs.

        Args:
            component: As it is registered.
            image: The version of its image.
            tarball: Its model or ground truth.
            inputs: By slug.
            outputs: The slugs of what is taken.
            prefixes: By a value's pk (as text), the prefix or prefixes of its path.
            staged: What lies beside the inputs.
        """
        return cls._made_of(
            image,
            tarball,
            inputs=inputs,
            outputs=outputs,
            prefixes=prefixes,
            staged=staged,
            gpu_type=component.gpu_type,
            method=component.method,
        )

    @classmethod
    def of(cls, job: ComponentJob, component: Component) -> Work:
        """What a job is to do whose inputs are known."""
        return cls._of(job, component.method)

    @classmethod
    def done_by(cls, job: ComponentJob) -> Work:
        """What a job has done; how it was called is seen from what was measured."""
        return cls._of(job, Method.EXEC if job.invoke_duration_s is None else Method.INVOKE)

    @classmethod
    def _of(cls, job: ComponentJob, method: Method) -> Work:
        return cls._made_of(
            job.image,
            job.tarball,
            inputs=job.inputs,
            outputs=job.output_slugs,
            prefixes=job.input_prefixes,
            staged=job.staged,
            gpu_type=job.requires_gpu_type,
            method=method,
        )

    @classmethod
    def _made_of(
        cls,
        image: ComponentImage,
        tarball: Tarball | None,
        *,
        inputs: Mapping[str, ComponentInterfaceValue],
        outputs: Iterable[str],
        prefixes: Prefixes,
        staged: Iterable[ComponentInterfaceValue],
        gpu_type: str,
        method: Method,
    ) -> Work:
        beside = sorted(
            {(one.place, one.sha256) for one in (WorkInput.of(value, prefixes_of(value, prefixes)) for value in staged)}
        )
        return cls(
            image=image.sha256,
            inputs={slug: WorkInput.of(value, prefixes_of(value, prefixes)) for slug, value in inputs.items()},
            outputs=frozenset(outputs),
            tarballs={tarball.kind.value: tarball.sha256} if tarball else {},
            gpu_type=gpu_type,
            method=method,
            staged=_digest(beside) if beside else "",
        )

    @cached_property
    def key(self) -> str:
        """``v1:<hash of the inputs>:<hash of all>``; the same work has the same key, on every machine.

        The first hash (32 hexadecimal digits) only serves to find what ran over the same inputs; the second one is a
        whole SHA-256.
        """
        inputs = {slug: asdict(one) for slug, one in self.inputs.items()}
        rest = {
            "image": self.image,
            "outputs": sorted(self.outputs),
            "tarballs": dict(self.tarballs),
            "gpu_type": self.gpu_type,
            "method": self.method.value,
            **({"staged": self.staged} if self.staged else {}),
        }
        return f"{VERSION}:{_digest(inputs)[:32]}:{_digest({**rest, 'inputs': inputs})}"

    def changes_since(self, earlier: Work) -> list[str]:
        """What differs from an earlier piece of work, one text each; empty where nothing does."""
        return [
            *_changed("the image", earlier.image, self.image),
            *_changes("the", {**earlier.tarballs}, {**self.tarballs}),
            *self._changed_inputs(earlier),
            *_plain("the GPU type", earlier.gpu_type or "none", self.gpu_type or "none"),
            *_plain("the method", earlier.method, self.method),
            *(["what lies beside the inputs changed"] if earlier.staged != self.staged else []),
            *_plain("the outputs", ", ".join(sorted(earlier.outputs)), ", ".join(sorted(self.outputs))),
        ]

    def _changed_inputs(self, earlier: Work) -> Iterable[str]:
        before, now = ({slug: one.sha256 for slug, one in work.inputs.items()} for work in (earlier, self))
        yield from _changes("the input", before, now, quoted=True)
        for slug in sorted(before.keys() & now.keys()):
            old, new = earlier.inputs[slug], self.inputs[slug]
            if old.place != new.place:
                yield f"the input '{slug}' lies elsewhere ({old.place} -> {new.place})"
            if old.meaning != new.meaning:
                yield f"the segments or the look-up table of the input '{slug}' changed"


def inputs_part(key: str) -> str:
    """What the keys of all work over the same inputs begin with; "" for an empty key."""
    return key.rpartition(":")[0]


def _digest(document: object) -> str:
    return hashlib.sha256(canonical_json(document)).hexdigest()


def _changes(what: str, before: Mapping[str, str], now: Mapping[str, str], *, quoted: bool = False) -> Iterable[str]:
    for name in sorted(before.keys() | now.keys()):
        called = f"{what} '{name}'" if quoted else f"{what} {name.replace('-', ' ')}"
        if name not in before:
            yield f"{called} is new"
        elif name not in now:
            yield f"{called} is no longer given"
        else:
            yield from _changed(called, before[name], now[name])


def _changed(what: str, before: str, now: str) -> Iterable[str]:
    """Two hashes that differ, as short as they differ."""
    old, new = before.removeprefix("sha256:"), now.removeprefix("sha256:")
    if old != new:
        digits = next((n for n in range(_SHORT, len(new)) if old[:n] != new[:n]), len(new))
        yield f"{what} changed (sha256:{old[:digits]} -> {new[:digits]})"


def _plain(what: str, before: str, now: str) -> Iterable[str]:
    if before != now:
        yield f"{what} changed ({before} -> {now})"

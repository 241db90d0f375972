"""Taking the files of a crate that are needed, after every file was held against what the metadata says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from interfaces.crates.reading import CrateValue, ReadCrate
from interfaces.crates.sources import CrateSource
from interfaces.crates.terms import MODELS
from interfaces.errors import ValidationError
from interfaces.site import Site
from interfaces.storage.job_folder import safe_join
from interfaces.storage.links import link_or_copy
from interfaces.storage.stored_file import StoredFile, sha256_of
from interfaces.tarballs import TARBALL_SUFFIX


def take_files(source: CrateSource, crate: ReadCrate, scratch: Path) -> Path:
    """Read every file of a crate; definitions, models and inputs are kept.

    Args:
        source: The crate.
        crate: What it says.
        scratch: A folder of ours.

    Returns:
        The folder of the kept files, at their places.

    Raises:
        ValidationError: A file is missing, is no plain file, or is not what is said of it.
    """
    kept, passing = scratch / "kept", scratch / "passing"
    passing.mkdir()
    needed = {*crate.definitions, *crate.models.values()}
    for value in each_value(crate.inputs):
        needed |= {value.place} if value.members is None else {f"{value.place}/{name}" for name in value.members}
    if missing := sorted(place for place in needed if place is not None and place not in crate.files):
        raise ValidationError(f"the crate needs the file '{missing[0][:200]}', but its metadata says nothing of it")
    for place, said in crate.files.items():
        taken = source.take(place, passing, max_bytes=said.size)
        if (found := sha256_of(taken)) != said:
            raise ValidationError(
                f"'{place[:200]}' is not the file that the crate tells of: it has {_text(found)}, not {_text(said)}; "
                "get the crate anew"
            )
        if place in needed:
            target = safe_join(kept, place)
            target.parent.mkdir(parents=True, exist_ok=True)
            taken.rename(target)
        else:
            taken.unlink()
    return kept


def each_value(values: Mapping[str, CrateValue | list[CrateValue]]) -> Iterator[CrateValue]:
    """All values, those of lists one by one."""
    for value in values.values():
        yield from value if isinstance(value, list) else [value]


def place_models(site: Site, crate: ReadCrate, kept: Path) -> None:
    """Put models that a crate only names where its definitions look for them.

    Raises:
        ValidationError: One is not here.
    """
    for sha256, place in crate.models.items():
        if place is not None:
            continue
        try:
            stored = site.store.path(sha256, suffix=TARBALL_SUFFIX)
        except FileNotFoundError as error:
            raise ValidationError(
                f"the crate was written without data, and the model with the sha256 {sha256} is not here either; "
                "import it where it is, or export the run with its data"
            ) from error
        link_or_copy(stored, kept / MODELS / f"{sha256}{TARBALL_SUFFIX}")


def _text(file: StoredFile) -> str:
    return f"{file.size:,} bytes with the sha256 {file.sha256[:12]}"

"""Tables and folders of cases of a run that comes from the Prefect UI or API; see `interfaces.access`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from interfaces.access import checked_input
from interfaces.access_files import readable
from interfaces.case_folders import cases_of_folder
from interfaces.case_tables import cases_of_table
from interfaces.cases import Case, CaseInputs, CaseSource
from interfaces.errors import CasesInvalid, UnknownName, ValidationError
from interfaces.owners import owned_name
from interfaces.site import get_site
from interfaces.storage.links import link_or_copy


def limited_cases(cases: str | Path, inputs: CaseInputs) -> CaseSource:
    """Cases from a CSV file or a folder in the folders that such a run may read; so must be what the cases name.

    Raises:
        CasesInvalid: They can't be used, or lie elsewhere; holds all problems.
        UnknownName: There is nothing.
    """
    try:
        _, real = checked_input(cases)
    except ValidationError as error:
        raise CasesInvalid(str(cases), [str(error)]) from error
    if not real.exists():
        raise UnknownName(f"there is no file, folder or archive '{cases}'")
    if real.is_dir():
        return cases_of_folder(real, inputs)
    return _of_table(real, inputs)


def _of_table(path: Path, inputs: CaseInputs) -> CaseSource:
    """A table is read several times: what is read is a copy, which is gone when nobody has its cases any more."""
    site = get_site()
    site.scratch_folder.mkdir(parents=True, exist_ok=True)
    kept = tempfile.TemporaryDirectory(dir=site.scratch_folder, prefix=owned_name())
    copy = Path(kept.name) / path.name
    try:
        with readable(path) as taken:
            link_or_copy(taken, copy)
        source = cases_of_table(copy, inputs, folder=path.parent)
    except ValidationError as error:
        raise CasesInvalid(str(path), [str(error)]) from error
    except CasesInvalid as error:
        raise CasesInvalid(str(path), error.problems) from error

    def read() -> Iterator[Case]:
        assert kept  # lives as long as this does
        yield from source.read()

    return replace(source, title=str(path), read=read)


def only_allowed(source: CaseSource) -> CaseSource:
    """The same cases; one that names a file elsewhere has a problem instead, so that nobody looks for that file."""

    def read() -> Iterator[Case]:
        for case in source.read():
            problems: dict[str, str] = {}
            for name, given in case.inputs.items():
                try:
                    for one in given if isinstance(given, list) else [given]:
                        if isinstance(one, Path):
                            checked_input(one)
                except ValidationError as error:
                    problems[name] = str(error)
            inputs = {name: given for name, given in case.inputs.items() if name not in problems}
            yield replace(case, inputs=inputs, problems={**case.problems, **problems})

    return replace(source, read=read)

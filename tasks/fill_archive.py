"""Put cases into an archive: their values are checked and stored, one case after another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from interfaces.archives import Archive
from interfaces.cases import Case, CaseInputs
from interfaces.errors import ComponentFlowsError, InvalidInputs
from tasks.read_cases import any_inputs, open_cases
from tasks.validate_inputs import read_inputs


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What became of the cases.

    Attributes:
        added: How many are new.
        known: How many the archive had already.
        problems: By the id of each that could not be added, why.
    """

    added: int = 0
    known: int = 0
    problems: dict[str, str] = field(default_factory=dict)


def fill_archive(archive: Archive, cases: Any) -> Filled:
    """Add cases to an archive; one that is invalid is set aside, and the others are added.

    Args:
        archive: The archive.
        cases: From where `run_batch` takes them; the columns are slugs of registered interfaces.

    Raises:
        CasesInvalid: They can't be used as a whole; nothing is added then.
        UnknownName: There is no such file, folder or archive.
    """
    inputs = any_inputs()
    added = known = 0
    problems: dict[str, str] = {}
    for case in open_cases(cases, inputs).read():
        try:
            if add_case(archive, case, inputs):
                added += 1
            else:
                known += 1
        except ComponentFlowsError as error:
            problems[case.id] = str(error)
    return Filled(added=added, known=known, problems=problems)


def add_case(archive: Archive, case: Case, inputs: CaseInputs) -> bool:
    """Add one case; gives whether it is new.

    Raises:
        InvalidInputs: Its values are not valid; holds all problems.
        DefinitionError: It has none, or the archive has another of its id.
    """
    if case.problems:
        raise InvalidInputs(case.problems)
    return archive.add(case.id, read_inputs(inputs.interfaces, case.inputs))
